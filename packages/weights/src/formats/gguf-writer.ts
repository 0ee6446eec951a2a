import { refuse } from '../weights-error.js';
import { BLOCK_FORMATS } from './gguf-block.js';
import { checkNames, measureBlocks, type WrittenTensor, writeChunks } from './written-tensor.js';

/** A value of a GGUF header with its type. */
export type GgufValue =
  | { readonly type: 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64'; readonly value: number }
  | { readonly type: 'u64' | 'i64'; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'array'; readonly of: GgufValue['type']; readonly values: readonly GgufValue[] };

const VALUE_TYPES = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const satisfies Record<GgufValue['type'], number>;

/** ggml keeps names in 64 bytes with a zero at the end. */
const MAX_NAME = 63;
const MAX_DIMENSIONS = 4;
const TYPE_OF = new Map([...BLOCK_FORMATS].map(([type, { name }]) => [name, type]));

/**
 * A GGUF file of version 3, little-endian, a piece at a time: the header first, then the tensors in the order given, each aligned and
 * asked for its bytes when it is its turn. The last is filled up too, since ggml reads whole alignments.
 *
 * @param metadata in the order to write; `general.alignment` is added where `alignment` is not 32
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for names, sizes and values that ggml would refuse, or a tensor that gives another number
 * of bytes than its shape says
 */
export async function* writeGguf(
  tensors: readonly WrittenTensor[],
  metadata: ReadonlyMap<string, GgufValue> = new Map(),
  alignment = 32,
): AsyncGenerator<Uint8Array> {
  if (!Number.isSafeInteger(Math.log2(alignment)) || alignment < 8 || alignment > 65_536)
    refuse('WEIGHTS_ARGUMENT', `an alignment of ${alignment}`);
  if (metadata.has('general.alignment')) refuse('WEIGHTS_ARGUMENT', 'the alignment is given apart');
  const values = new Map(metadata);
  if (alignment !== 32) values.set('general.alignment', { type: 'u32', value: alignment });
  const header = [Buffer.from('GGUF'), number(4, 3), number(8, tensors.length), number(8, values.size)];
  for (const [key, value] of values)
    header.push(text(key), number(4, VALUE_TYPES[value.type]), encodeValue(value, 0));
  const placed = placeTensors(tensors, alignment);
  for (const { tensor, offset } of placed) header.push(...encodeTensor(tensor, offset));
  const head = Buffer.concat(header);
  yield pad(head, alignment);
  for (const { tensor, sizeBytes } of placed) {
    yield* writeChunks(tensor, sizeBytes);
    const rest = padding(sizeBytes, alignment);
    if (rest > 0) yield new Uint8Array(rest);
  }
}

function placeTensors(tensors: readonly WrittenTensor[], alignment: number) {
  checkNames(tensors, (name) => Buffer.byteLength(name) <= MAX_NAME);
  let offset = 0;
  return tensors.map((tensor) => {
    const { shape } = tensor;
    if (shape.length > MAX_DIMENSIONS) refuse('WEIGHTS_ARGUMENT', `a tensor of ${shape.length} dimensions`);
    const sizeBytes = measureBlocks(tensor);
    const place = { tensor, sizeBytes, offset };
    offset += sizeBytes + padding(sizeBytes, alignment);
    return place;
  });
}

function encodeTensor({ name, format, shape }: WrittenTensor, offset: number): Uint8Array[] {
  const sizes = [...shape].reverse().map((size) => number(8, size));
  return [text(name), number(4, shape.length), ...sizes, number(4, TYPE_OF.get(format)!), number(8, offset)];
}

function encodeValue(value: GgufValue, depth: number): Uint8Array {
  switch (value.type) {
    case 'string':
      return text(value.value);
    case 'bool':
      return Uint8Array.of(value.value ? 1 : 0);
    case 'array': {
      if (depth > 2 || value.values.some(({ type }) => type !== value.of))
        return refuse('WEIGHTS_ARGUMENT', 'an array of several types, or of arrays of arrays');
      const parts = value.values.map((element) => encodeValue(element, depth + 1));
      return Buffer.concat([number(4, VALUE_TYPES[value.of]), number(8, parts.length), ...parts]);
    }
    case 'u64':
    case 'i64':
      return encodeBig(value.type, value.value);
    default:
      return encodeNumber(value.type, value.value);
  }
}

function encodeBig(type: 'u64' | 'i64', value: bigint): Uint8Array {
  const fits = type === 'u64' ? BigInt.asUintN(64, value) === value : BigInt.asIntN(64, value) === value;
  if (!fits) return refuse('WEIGHTS_ARGUMENT', `a value out of range of ${type}`);
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return out;
}

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

function encodeNumber(type: keyof typeof ARRAYS, value: number): Uint8Array {
  const array = ARRAYS[type].of(value);
  if (!type.startsWith('f') && array[0] !== value)
    return refuse('WEIGHTS_ARGUMENT', `a value out of range of ${type}`);
  return new Uint8Array(array.buffer);
}

function number(bytes: 4 | 8, value: number): Uint8Array {
  const out = new DataView(new ArrayBuffer(bytes));
  if (bytes === 4) out.setUint32(0, value, true);
  else out.setBigUint64(0, BigInt(value), true);
  return new Uint8Array(out.buffer);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(8, bytes.length), bytes]);
}

function padding(length: number, alignment: number): number {
  return (alignment - (length % alignment)) % alignment;
}

function pad(bytes: Uint8Array, alignment: number): Uint8Array {
  return Buffer.concat([bytes, new Uint8Array(padding(bytes.length, alignment))]);
}
