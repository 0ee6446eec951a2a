import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import { type ByteSource, MAX_READ } from './byte-source.js';
import { openKeptSource } from './kept-source.js';
import { decodeVarints, type ProtobufField, type ProtobufReader } from './protobuf-reader.js';
import type { Tensor } from './weight-file.js';

/** How `TensorProto.DataType` stores numbers (`onnx/onnx.proto3`). */
interface OnnxType {
  readonly format: string;
  readonly bits: number;
  /** Field of typed data, used where there is no raw data: 4 floats, 5, 7 and 11 varints, 10 doubles. */
  readonly field: 4 | 5 | 7 | 10 | 11;
}

const TYPES: ReadonlyMap<number, OnnxType> = new Map<number, OnnxType>([
  [1, { format: 'F32', bits: 32, field: 4 }],
  [2, { format: 'U8', bits: 8, field: 5 }],
  [3, { format: 'I8', bits: 8, field: 5 }],
  [4, { format: 'U16', bits: 16, field: 5 }],
  [5, { format: 'I16', bits: 16, field: 5 }],
  [6, { format: 'I32', bits: 32, field: 5 }],
  [7, { format: 'I64', bits: 64, field: 7 }],
  [9, { format: 'BOOL', bits: 8, field: 5 }],
  [10, { format: 'F16', bits: 16, field: 5 }],
  [11, { format: 'F64', bits: 64, field: 10 }],
  [12, { format: 'U32', bits: 32, field: 11 }],
  [13, { format: 'U64', bits: 64, field: 11 }],
  [14, { format: 'C64', bits: 64, field: 4 }],
  [15, { format: 'C128', bits: 128, field: 10 }],
  [16, { format: 'BF16', bits: 16, field: 5 }],
  [17, { format: 'F8_E4M3', bits: 8, field: 5 }],
  [18, { format: 'F8_E4M3FNUZ', bits: 8, field: 5 }],
  [19, { format: 'F8_E5M2', bits: 8, field: 5 }],
  [20, { format: 'F8_E5M2FNUZ', bits: 8, field: 5 }],
  [21, { format: 'U4', bits: 4, field: 5 }],
  [22, { format: 'I4', bits: 4, field: 5 }],
  [23, { format: 'F4', bits: 4, field: 5 }],
  [24, { format: 'F8_E8M0', bits: 8, field: 5 }],
  [25, { format: 'U2', bits: 2, field: 5 }],
  [26, { format: 'I2', bits: 2, field: 5 }],
]);
const STRING = 8;
const MAX_DIMENSIONS = 64;
const MAX_TEXT = 64 * 1024;
const EXTERNAL = 1n;

/** Opens a file that a model names as the place of its tensors, once for each name. */
export type ExternalOpener = (location: string) => Promise<ByteSource>;

/** What a TensorProto message says, before it is checked. */
interface TensorMessage {
  name: string;
  type: number;
  readonly shape: number[];
  raw: ProtobufField | null;
  readonly typed: ProtobufField[];
  readonly external: Map<string, string>;
  isExternal: boolean;
}

/**
 * A TensorProto as a tensor; `null` for one of texts.
 *
 * @param nameAs the tensor's name by the one in the message
 * @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`, and what the sources throw
 */
export async function readOnnxTensor(
  reader: ProtobufReader,
  source: ByteSource,
  message: Pick<ProtobufField, 'start' | 'end'>,
  nameAs: (name: string) => string,
  openExternal: ExternalOpener,
): Promise<Tensor | null> {
  const parts = await readMessage(reader, message);
  if (parts.type === STRING) return null;
  const type = TYPES.get(parts.type);
  if (type === undefined) return refuse('WEIGHTS_FORMAT', `a tensor of type ${parts.type}`);
  const name = nameAs(parts.name);
  const { format } = type;
  const sizeBytes = measure(parts.shape, type.bits);
  const about = { name, format, shape: parts.shape, sizeBytes };
  const ways = [parts.isExternal, parts.raw !== null, parts.typed.length > 0].filter(Boolean).length;
  requireFormat(ways <= 1, 'a tensor whose numbers lie in two places');
  if (parts.isExternal)
    return { ...about, ...(await placeExternal(parts.external, sizeBytes, openExternal)) };
  if (parts.raw !== null) {
    requireFormat(parts.raw.end - parts.raw.start === sizeBytes, 'a tensor that is not as long as its shape');
    return { ...about, source, offset: parts.raw.start };
  }
  return { ...about, ...placeTyped(parts.typed, sizeBytes, type, reader, source) };
}

async function readMessage(
  reader: ProtobufReader,
  { start, end }: Pick<ProtobufField, 'start' | 'end'>,
): Promise<TensorMessage> {
  const parts: TensorMessage = {
    name: '',
    type: 0,
    shape: [],
    raw: null,
    typed: [],
    external: new Map(),
    isExternal: false,
  };
  const seen = new Set<number>();
  for await (const field of reader.fields(start, end)) {
    if ([2, 8, 9, 14].includes(field.number)) {
      requireFormat(!seen.has(field.number), 'a tensor with a part that stands twice');
      seen.add(field.number);
    }
    if (field.number === 1) await readSizes(reader, field, parts.shape);
    else if (field.number === 2) parts.type = Number(requireVarint(field));
    else if (field.number === 8) parts.name = await reader.text(field, MAX_TEXT);
    else if (field.number === 9) parts.raw = requireBytes(field);
    else if (field.number === 13) await readEntry(reader, requireBytes(field), parts.external);
    else if (field.number === 14) parts.isExternal = requireVarint(field) === EXTERNAL;
    else if ([4, 5, 7, 10, 11].includes(field.number) && field.end > field.start) parts.typed.push(field);
    else requireFormat(field.number !== 3, 'a tensor in segments');
  }
  return parts;
}

async function readSizes(reader: ProtobufReader, field: ProtobufField, shape: number[]): Promise<void> {
  const add = (value: bigint) => {
    requireFormat(value <= BigInt(Number.MAX_SAFE_INTEGER), 'a size that is no count');
    requireWithin(shape.push(Number(value)) <= MAX_DIMENSIONS, 'a tensor of more than 64 dimensions');
  };
  if (field.wire === 0) add(field.value);
  else decodeVarints(await reader.bytes(requireBytes(field), MAX_DIMENSIONS * 10), add);
}

/** A StringStringEntryProto. */
export async function readEntry(
  reader: ProtobufReader,
  { start, end }: ProtobufField,
  into: Map<string, string>,
): Promise<void> {
  let key = '';
  let value = '';
  for await (const field of reader.fields(start, end))
    if (field.number === 1) key = await reader.text(field, MAX_TEXT);
    else if (field.number === 2) value = await reader.text(field, 1024 * 1024);
  requireFormat(!into.has(key), 'an entry that stands twice');
  requireWithin(into.size < 10_000, 'more than 10,000 entries');
  into.set(key, value);
}

function measure(shape: readonly number[], bits: number): number {
  let numbers = 1;
  for (const size of shape) {
    numbers *= size;
    requireFormat(Number.isSafeInteger(numbers * bits), 'the size of a tensor overflows');
  }
  return Math.ceil((numbers * bits) / 8);
}

async function placeExternal(
  entries: ReadonlyMap<string, string>,
  sizeBytes: number,
  openExternal: ExternalOpener,
): Promise<{ source: ByteSource; offset: number }> {
  const count = (key: string, otherwise: number) => {
    const text = entries.get(key) ?? String(otherwise);
    requireFormat(/^[0-9]{1,15}$/.test(text), `external data whose ${key} is no count`);
    return Number(text);
  };
  const location = entries.get('location');
  requireFormat(location !== undefined, 'external data without a location');
  const source = await openExternal(location);
  const offset = count('offset', 0);
  requireFormat(count('length', sizeBytes) === sizeBytes, 'a tensor that is not as long as its shape');
  requireFormat(offset + sizeBytes <= source.sizeBytes, 'a tensor beyond the end of its file');
  return { source, offset };
}

function placeTyped(
  typed: readonly ProtobufField[],
  sizeBytes: number,
  type: OnnxType,
  reader: ProtobufReader,
  source: ByteSource,
): { source: ByteSource; offset: number } {
  let packedBytes = 0;
  for (const { number, start, end } of typed) {
    requireFormat(number === type.field, 'a tensor whose numbers are of another type');
    packedBytes += end - start;
  }
  const [only] = typed;
  const isPlain = type.field === 4 || type.field === 10;
  if (isPlain) requireFormat(packedBytes === sizeBytes, 'a tensor that is not as long as its shape');
  if (isPlain && typed.length <= 1) return { source, offset: only?.start ?? 0 };
  requireFormat(packedBytes > 0 || sizeBytes === 0, 'a tensor without numbers');
  // A varint of up to 10 bytes is a number of at least 1 (two of 4 bits): no shape may ask for more than there can be.
  requireFormat(isPlain || sizeBytes <= packedBytes * 8, 'a tensor that is not as long as its shape');
  requireWithin(packedBytes <= MAX_READ && sizeBytes <= MAX_READ, `typed numbers of ${packedBytes} bytes`);
  const made = () => (isPlain ? join(reader, typed, sizeBytes) : unpack(reader, typed, sizeBytes, type.bits));
  return { source: openKeptSource('typed numbers', sizeBytes, made), offset: 0 };
}

async function join(
  reader: ProtobufReader,
  typed: readonly ProtobufField[],
  sizeBytes: number,
): Promise<Uint8Array> {
  const out = new Uint8Array(sizeBytes);
  let at = 0;
  for (const field of typed) {
    out.set(await reader.bytes(field, MAX_READ), at);
    at += field.end - field.start;
  }
  return out;
}

/** Varints as little-endian numbers of their type's width. Several numbers of less than a byte share one varint. */
async function unpack(
  reader: ProtobufReader,
  typed: readonly ProtobufField[],
  sizeBytes: number,
  bits: number,
): Promise<Uint8Array> {
  const out = new Uint8Array(sizeBytes);
  const width = Math.max(1, bits / 8);
  let at = 0;
  const add = (value: bigint) => {
    requireFormat(at + width <= sizeBytes, 'a tensor that is not as long as its shape');
    for (let i = 0, rest = BigInt.asUintN(width * 8, value); i < width; i++, rest >>= 8n)
      out[at++] = Number(rest & 255n);
  };
  for (const field of typed)
    if (field.wire === 0) add(field.value);
    else decodeVarints(await reader.bytes(field, MAX_READ), add);
  requireFormat(at === sizeBytes, 'a tensor that is not as long as its shape');
  return out;
}

export function requireVarint(field: ProtobufField): bigint {
  requireFormat(field.wire === 0, 'a number that is none');
  return field.value;
}

export function requireBytes(field: ProtobufField): ProtobufField {
  requireFormat(field.wire === 2, 'a message that is none');
  return field;
}
