import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';
import { NUMBER_BITS, type NumberFormat } from './number-format.js';
import {
  isTuple,
  PICKLE_LIMITS,
  PickledCall,
  PickledName,
  PickledReference,
  type PickledValue,
  type PickleRules,
  walkPickle,
} from './pickle.js';
import { readPlainNumbers } from './plain-numbers.js';
import { isRowMajor, measureSpan, readView } from './strided-view.js';
import type { Tensor, WeightFile } from './weight-file.js';
import { openZip } from './zip-archive.js';

/** What a checkpoint may ask for, beside the limits of archive and pickle. */
export const TORCH_LIMITS = {
  tensors: 500_000,
  visits: 4_000_000,
  /** Of all names together: a long path over many values would multiply. */
  nameLength: 50_000_000,
  depth: 64,
  dimensions: 64,
  textLength: 1_000,
} as const;

/** Storage classes of `torch`, by the format that they hold. `UntypedStorage` holds bytes. */
const STORAGES: ReadonlyMap<string, NumberFormat | null> = new Map([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
  ['torch.ComplexFloatStorage', 'C64'],
  ['torch.UntypedStorage', null],
  ['torch.storage.UntypedStorage', null],
]);

/** `torch.dtype` objects, which stand in tensors of newer formats and among settings. */
const DTYPES: ReadonlyMap<string, NumberFormat> = new Map([
  ['torch.float64', 'F64'],
  ['torch.float32', 'F32'],
  ['torch.float16', 'F16'],
  ['torch.bfloat16', 'BF16'],
  ['torch.int64', 'I64'],
  ['torch.int32', 'I32'],
  ['torch.int16', 'I16'],
  ['torch.int8', 'I8'],
  ['torch.uint64', 'U64'],
  ['torch.uint32', 'U32'],
  ['torch.uint16', 'U16'],
  ['torch.uint8', 'U8'],
  ['torch.bool', 'BOOL'],
  ['torch.complex64', 'C64'],
  ['torch.float8_e4m3fn', 'F8_E4M3'],
  ['torch.float8_e5m2', 'F8_E5M2'],
  ['torch.float8_e4m3fnuz', 'F8_E4M3FNUZ'],
  ['torch.float8_e5m2fnuz', 'F8_E5M2FNUZ'],
  ['torch.float8_e8m0fnu', 'F8_E8M0'],
]);

const TENSOR_2 = 'torch._utils._rebuild_tensor_v2';
const TENSOR_3 = 'torch._utils._rebuild_tensor_v3';
const PARAMETER = 'torch._utils._rebuild_parameter';
const CALLS = new Set([TENSOR_2, TENSOR_3, PARAMETER]);

/** The imports that describe tensors: ordered dictionaries, tensors, parameters, storages, number formats. */
export const TORCH_RULES: PickleRules = {
  isName: (name) => CALLS.has(name) || STORAGES.has(name) || DTYPES.has(name),
  isCall: (name) => CALLS.has(name),
};

/**
 * Opens a checkpoint that `torch.save` wrote as ZIP archive (PyTorch 1.6 and later), without executing its pickle: the opcodes are
 * walked, and one that imports anything but the description of tensors is refused as `WEIGHTS_EXECUTABLE`, as is an archive with
 * code of TorchScript.
 *
 * Tensors in nested dictionaries and lists are named by their path, joined by dots; texts and numbers beside them are metadata.
 * A tensor may be a view: several names may mean the same bytes, and `strides` are set where the order is not that of the shape.
 *
 * @throws PhalanxError `WEIGHTS_EXECUTABLE`, `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`, and what the source throws
 */
export async function openTorch(source: ByteSource): Promise<WeightFile> {
  const entries = await openZip(source);
  const [pickle, ...others] = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined || others.length > 0)
    return refuse('WEIGHTS_FORMAT', 'an archive without one data.pkl: no checkpoint of PyTorch');
  const folder = pickle.slice(0, -'data.pkl'.length);
  for (const name of entries.keys())
    if (name.startsWith(`${folder}code/`))
      refuse('WEIGHTS_EXECUTABLE', 'an archive with code of TorchScript');
  await checkByteOrder(entries.get(`${folder}byteorder`));
  const entry = entries.get(pickle)!;
  requireWithin(entry.sizeBytes <= PICKLE_LIMITS.bytes, `a pickle of ${entry.sizeBytes} bytes`);
  const { value, end } = walkPickle(await entry.read(0, entry.sizeBytes), TORCH_RULES);
  requireFormat(end === entry.sizeBytes, 'a pickle that is followed by something');
  const { tensors, metadata } = new Checkpoint(entries, folder).collect(value);
  return {
    container: 'torch',
    tensors,
    metadata,
    get bytesRead() {
      return source.bytesRead;
    },
    readNumbers: (tensor, from, count) =>
      tensor.strides === undefined ? readPlainNumbers(tensor, from, count) : readView(tensor, from, count),
    close: () => source.close(),
  };
}

async function checkByteOrder(entry: ByteSource | undefined): Promise<void> {
  if (entry === undefined) return;
  requireFormat(entry.sizeBytes <= 16, 'a byte order that is none');
  const order = new TextDecoder().decode(await entry.read(0, entry.sizeBytes));
  requireFormat(order === 'little', 'a checkpoint whose byte order is not little');
}

/** Collects the tensors of a checkpoint's value. */
class Checkpoint {
  readonly #entries: ReadonlyMap<string, ByteSource>;
  readonly #folder: string;
  readonly #tensors = new Map<string, Tensor>();
  readonly #metadata = new Map<string, string>();
  #visits = 0;
  #nameLength = 0;

  constructor(entries: ReadonlyMap<string, ByteSource>, folder: string) {
    this.#entries = entries;
    this.#folder = folder;
  }

  collect(value: PickledValue): {
    tensors: ReadonlyMap<string, Tensor>;
    metadata: ReadonlyMap<string, string>;
  } {
    this.#visit(value, '', 0);
    return { tensors: this.#tensors, metadata: this.#metadata };
  }

  /** Shared values are visited once for each path, so that the paths are counted, not the values. */
  #visit(value: PickledValue, path: string, depth: number): void {
    requireWithin(depth <= TORCH_LIMITS.depth, 'a checkpoint that is nested too deep, or holds itself');
    requireWithin(++this.#visits <= TORCH_LIMITS.visits, `more than ${TORCH_LIMITS.visits} values`);
    const below = (key: PickledValue) => {
      const name = path === '' ? String(key) : `${path}.${key}`;
      this.#nameLength += name.length;
      requireWithin(this.#nameLength <= TORCH_LIMITS.nameLength, 'names that are too long together');
      return name;
    };
    if (value instanceof PickledCall) this.#addTensor(path, value);
    else if (value instanceof Map)
      for (const [key, member] of value) this.#visit(member, below(key), depth + 1);
    else if (Array.isArray(value))
      for (const [i, member] of (value as readonly PickledValue[]).entries())
        this.#visit(member, below(i), depth + 1);
    else if (value instanceof PickledName || ['string', 'number', 'bigint', 'boolean'].includes(typeof value))
      this.#addMetadata(path, value instanceof PickledName ? value.name : String(value));
  }

  #addMetadata(path: string, text: string): void {
    requireFormat(!this.#metadata.has(path), 'two values of one name');
    this.#metadata.set(path, text.slice(0, TORCH_LIMITS.textLength));
  }

  #addTensor(name: string, { name: kind, args }: PickledCall): void {
    if (kind === PARAMETER) {
      const [tensor, isTrained, hooks] = args;
      requireFormat(
        args.length === 3 &&
          tensor instanceof PickledCall &&
          tensor.name !== PARAMETER &&
          typeof isTrained === 'boolean',
        'a parameter that is no tensor',
      );
      checkHooks(hooks);
      this.#addTensor(name, tensor);
      return;
    }
    requireFormat(!this.#tensors.has(name), 'two tensors of one name');
    requireWithin(this.#tensors.size < TORCH_LIMITS.tensors, `more than ${TORCH_LIMITS.tensors} tensors`);
    this.#tensors.set(name, this.#makeTensor(name, kind, args));
  }

  #makeTensor(name: string, kind: string, args: readonly PickledValue[]): Tensor {
    requireFormat(args.length >= 6 && args.length <= 8, 'a tensor with other arguments');
    const [storage, start, sizes, steps, isTrained, hooks, ...more] = args;
    requireFormat(typeof isTrained === 'boolean', 'a tensor with other arguments');
    checkHooks(hooks);
    if (!(storage instanceof PickledReference)) return refuse('WEIGHTS_FORMAT', 'a tensor without storage');
    const { format: stored, source } = this.#findStorage(storage.id);
    const [dtype, extra = null] = kind === TENSOR_3 ? more : [null, ...more];
    requireFormat(
      extra === null || (extra instanceof Map && extra.size === 0),
      'a tensor with state of its own',
    );
    const format =
      kind === TENSOR_3 ? (dtype instanceof PickledName ? DTYPES.get(dtype.name) : undefined) : stored;
    if (format === undefined || format === null)
      return refuse('WEIGHTS_FORMAT', 'a tensor of no known format');
    const shape = readCounts(sizes);
    const strides = readCounts(steps);
    requireFormat(shape.length === strides.length, 'a tensor whose steps are not as many as its sizes');
    const width = NUMBER_BITS[format] / 8;
    const span = measureSpan(shape, strides);
    requireFormat(isCount(start), 'a tensor that begins nowhere');
    requireFormat((start + span) * width <= source.sizeBytes, 'a tensor beyond the end of its storage');
    const place = { name, format, shape, source, offset: start * width, sizeBytes: span * width };
    return isRowMajor(shape, strides) ? place : { ...place, strides };
  }

  #findStorage(id: PickledValue): { format: NumberFormat | null; source: ByteSource } {
    const [tag, kind, key, location, numbers] = isTuple(id) ? id : [];
    const isStorage = isTuple(id) && id.length === 5 && tag === 'storage' && kind instanceof PickledName;
    if (!isStorage || typeof key !== 'string' || typeof location !== 'string' || !isCount(numbers))
      return refuse('WEIGHTS_FORMAT', 'a persistent id that is no storage');
    const format = STORAGES.get(kind.name);
    if (format === undefined) return refuse('WEIGHTS_FORMAT', 'a persistent id that is no storage');
    const source = this.#entries.get(`${this.#folder}data/${key}`);
    if (source === undefined) return refuse('WEIGHTS_FORMAT', 'a tensor whose storage is not in the archive');
    const sizeBytes = numbers * (format === null ? 1 : NUMBER_BITS[format] / 8);
    requireFormat(source.sizeBytes === sizeBytes, 'a storage that is not as long as its entry');
    return { format, source };
  }
}

/** Hooks are an empty dictionary in what `torch.save` writes; others would be called. */
function checkHooks(hooks: PickledValue | undefined): void {
  if (!(hooks === null || (hooks instanceof Map && hooks.size === 0)))
    refuse('WEIGHTS_EXECUTABLE', 'a tensor with hooks');
}

function isCount(value: PickledValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function readCounts(value: PickledValue | undefined): readonly number[] {
  if (value === undefined || !isTuple(value)) return refuse('WEIGHTS_FORMAT', 'a tensor without sizes');
  requireWithin(value.length <= TORCH_LIMITS.dimensions, `a tensor of ${value.length} dimensions`);
  for (const size of value) requireFormat(isCount(size), 'a tensor with a size that is no count');
  return value as readonly number[];
}

/** First bytes of what `torch.save` wrote before 1.6: a pickle of its number 0x1950a86a20f9469cfc6c. */
export function isLegacyTorch(head: Uint8Array): boolean {
  const magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  return head[0] === 0x80 && magic.every((byte, i) => head[2 + i] === byte);
}
