import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';
import { BLOCK_FORMATS, decodeBlocks, findBlockFormat } from './gguf-block.js';
import { SequentialReader } from './sequential-reader.js';
import { checkNumbers, type Tensor, type WeightFile } from './weight-file.js';

/** What a header may ask for. A vocabulary of 262,144 words has three arrays of that length. */
export const GGUF_LIMITS = {
  headerBytes: 512 * 1024 * 1024,
  metadata: 100_000,
  tensors: 250_000,
  stringBytes: 10_000_000,
  arrayLength: 4_000_000,
  dimensions: 4,
  nesting: 4,
} as const;

const MAGIC = 0x46554747;
/** Value types by their number; widths of the fixed ones in bytes. */
const WIDTHS = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8] as const;
const STRING = 8;
const ARRAY = 9;
const FLOAT32 = 6;
const SHOWN = 200;

/**
 * Opens a GGUF file, versions 1 to 3, little-endian or (3) big-endian headers; tensors of big-endian files are not decoded.
 * Tensors must lie inside the file, aligned, and apart. Source: `docs/gguf.md` of ggml-org/ggml.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`, and what the source throws
 */
export async function openGguf(source: ByteSource): Promise<WeightFile> {
  const { version, littleEndian } = await readVersion(source);
  const reader = new GgufReader(source, version, littleEndian);
  const tensorCount = await reader.count();
  const metadataCount = await reader.count();
  requireWithin(metadataCount <= GGUF_LIMITS.metadata, `${metadataCount} entries of metadata`);
  requireWithin(tensorCount <= GGUF_LIMITS.tensors, `${tensorCount} tensors`);
  const metadata = new Map<string, string>([['gguf.version', String(version)]]);
  for (let i = 0; i < metadataCount; i++) {
    const key = await reader.text();
    requireFormat(!metadata.has(key), 'a key of metadata stands twice');
    metadata.set(key, await reader.value(await reader.uint32(), 0));
  }
  const headers: TensorHeader[] = [];
  for (let i = 0; i < tensorCount; i++) headers.push(await reader.tensor());
  const alignment = Number(metadata.get('general.alignment') ?? 32);
  requireFormat(
    Number.isSafeInteger(alignment) &&
      alignment >= 1 &&
      alignment <= 65_536 &&
      (alignment & (alignment - 1)) === 0,
    'an alignment that is no power of two',
  );
  const start = Math.ceil(reader.at / alignment) * alignment;
  const tensors = placeTensors(headers, source, start, alignment);
  return {
    container: 'gguf',
    tensors,
    metadata,
    get bytesRead() {
      return source.bytesRead;
    },
    readNumbers: async (tensor, from, count) => {
      if (!littleEndian) refuse('WEIGHTS_ARGUMENT', 'tensors of big-endian files are not decoded');
      return readBlockNumbers(tensor, from, count);
    },
    close: () => source.close(),
  };
}

/** Numbers of a tensor in blocks; reads the blocks that they touch. */
export async function readBlockNumbers(tensor: Tensor, from: number, count: number): Promise<Float32Array> {
  checkNumbers(tensor, from, count);
  const format = findBlockFormat(tensor.format);
  const first = Math.floor(from / format.numbers);
  const last = Math.ceil((from + count) / format.numbers);
  const bytes = await tensor.source.read(tensor.offset + first * format.bytes, (last - first) * format.bytes);
  return decodeBlocks(format, bytes).subarray(
    from - first * format.numbers,
    from - first * format.numbers + count,
  );
}

interface TensorHeader {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly offset: number;
}

async function readVersion(source: ByteSource): Promise<{ version: number; littleEndian: boolean }> {
  requireFormat(source.sizeBytes >= 8, 'a file of less than 8 bytes');
  const bytes = await source.read(0, 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  requireFormat(view.getUint32(0, true) === MAGIC, 'no GGUF file');
  const littleEndian = view.getUint16(4, true) !== 0;
  const version = view.getUint32(4, littleEndian);
  requireFormat(version >= 1 && version <= 3, `GGUF version ${version}`);
  return { version, littleEndian };
}

/** The values of a GGUF header in order. */
class GgufReader extends SequentialReader {
  readonly #version: number;
  readonly #littleEndian: boolean;

  constructor(source: ByteSource, version: number, littleEndian: boolean) {
    super(source, GGUF_LIMITS.headerBytes, { at: 8, littleEndian });
    this.#version = version;
    this.#littleEndian = littleEndian;
  }

  /** Version 1 counted in 32 bits. */
  count(): Promise<number> {
    return this.#version === 1 ? this.uint32() : this.uint64();
  }

  async text(): Promise<string> {
    const length = await this.count();
    requireWithin(length <= GGUF_LIMITS.stringBytes, `a string of ${length} bytes`);
    return new TextDecoder().decode(await this.bytes(length));
  }

  /** A value as text; an array as its first elements. */
  async value(type: number, depth: number): Promise<string> {
    if (type === STRING) return this.text();
    if (type === ARRAY) return this.#array(depth);
    const width = WIDTHS[type];
    if (width === undefined) return refuse('WEIGHTS_FORMAT', `a value of type ${type}`);
    return this.#number(await this.view(width), type);
  }

  async tensor(): Promise<TensorHeader> {
    const name = await this.text();
    const dimensions = await this.uint32();
    requireWithin(dimensions <= GGUF_LIMITS.dimensions, `a tensor of ${dimensions} dimensions`);
    const sizes: number[] = [];
    for (let i = 0; i < dimensions; i++) sizes.push(await this.count());
    const type = await this.uint32();
    // ggml writes the innermost dimension first.
    return { name, shape: sizes.reverse(), type, offset: await this.uint64() };
  }

  async #array(depth: number): Promise<string> {
    requireWithin(depth < GGUF_LIMITS.nesting, 'arrays in arrays');
    const type = await this.uint32();
    const length = await this.count();
    requireWithin(length <= GGUF_LIMITS.arrayLength, `an array of ${length}`);
    const shown: string[] = [];
    let size = 0;
    for (let i = 0; i < length; i++) {
      const width = WIDTHS[type];
      if (size >= SHOWN && width !== undefined && width > 0) {
        await this.skip(width * (length - i));
        break;
      }
      const value = await this.value(type, depth + 1);
      if (size < SHOWN) shown.push(value.slice(0, SHOWN));
      size += value.length + 1;
    }
    return shown.length < length ? `${shown.join(' ')} ... (${length})` : shown.join(' ');
  }

  #number(view: DataView, type: number): string {
    const little = this.#littleEndian;
    switch (type) {
      case 0:
        return String(view.getUint8(0));
      case 1:
        return String(view.getInt8(0));
      case 2:
        return String(view.getUint16(0, little));
      case 3:
        return String(view.getInt16(0, little));
      case 4:
        return String(view.getUint32(0, little));
      case 5:
        return String(view.getInt32(0, little));
      case FLOAT32:
        return String(view.getFloat32(0, little));
      case 7:
        return view.getUint8(0) === 0 ? 'false' : 'true';
      case 10:
        return String(view.getBigUint64(0, little));
      case 11:
        return String(view.getBigInt64(0, little));
      default:
        return String(view.getFloat64(0, little));
    }
  }
}

function placeTensors(
  headers: readonly TensorHeader[],
  source: ByteSource,
  start: number,
  alignment: number,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, type, offset } of headers) {
    const format = BLOCK_FORMATS.get(type);
    if (format === undefined) return refuse('WEIGHTS_FORMAT', `a tensor of type ${type}`);
    requireFormat(!tensors.has(name), 'a name of a tensor stands twice');
    requireFormat(offset % alignment === 0, 'a tensor that is not aligned');
    let numbers = 1;
    for (const size of shape) {
      numbers *= size;
      requireFormat(Number.isSafeInteger(numbers), 'the size of a tensor overflows');
    }
    requireFormat((shape.at(-1) ?? 1) % format.numbers === 0, 'a row that is not of whole blocks');
    const sizeBytes = (numbers / format.numbers) * format.bytes;
    requireFormat(Number.isSafeInteger(start + offset + sizeBytes), 'the place of a tensor overflows');
    requireFormat(start + offset + sizeBytes <= source.sizeBytes, 'a tensor beyond the end of the file');
    tensors.set(name, { name, format: format.name, shape, source, offset: start + offset, sizeBytes });
  }
  let end = 0;
  for (const { offset, sizeBytes } of [...tensors.values()].sort((a, b) => a.offset - b.offset)) {
    requireFormat(sizeBytes === 0 || offset >= end, 'a tensor that lies over another');
    end = Math.max(end, offset + sizeBytes);
  }
  return tensors;
}
