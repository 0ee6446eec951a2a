import { refuse } from '../weights-error.js';

/** Formats of one number each, by the names that safetensors gives them (`safetensors/src/tensor.rs`), with their bits. */
export const NUMBER_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type NumberFormat = keyof typeof NUMBER_BITS;

/** Whether `decodeNumbers` knows it: a real number of whole bytes. */
export function isDecodable(format: string): format is NumberFormat {
  return format in DECODERS;
}

/**
 * Little-endian numbers as 32-bit floats, rounded to nearest where they are wider. NaN and infinities stay what they are.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a format without real numbers of whole bytes (`F4`, `F6_*`, `C64`)
 */
export function decodeNumbers(format: NumberFormat, bytes: Uint8Array): Float32Array {
  const decode = DECODERS[format];
  if (decode === undefined) return refuse('WEIGHTS_ARGUMENT', `${format} has no real numbers of whole bytes`);
  const count = Math.floor((bytes.length * 8) / NUMBER_BITS[format]);
  return decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), count);
}

type Decoder = (view: DataView, count: number) => Float32Array;

const each =
  (width: number, read: (view: DataView, at: number) => number): Decoder =>
  (view, count) => {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = read(view, i * width);
    return out;
  };

const fromTable =
  (table: () => Float32Array): Decoder =>
  (view, count) => {
    const values = table();
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = values[view.getUint8(i)]!;
    return out;
  };

const DECODERS: Partial<Record<NumberFormat, Decoder>> = {
  BOOL: each(1, (view, at) => (view.getUint8(at) === 0 ? 0 : 1)),
  U8: each(1, (view, at) => view.getUint8(at)),
  I8: each(1, (view, at) => view.getInt8(at)),
  F8_E5M2: fromTable(tabulate(5, 2, 'ieee')),
  F8_E4M3: fromTable(tabulate(4, 3, 'finite')),
  F8_E8M0: fromTable(tabulate(8, 0, 'scale')),
  F8_E4M3FNUZ: fromTable(tabulate(4, 3, 'unsigned-zero')),
  F8_E5M2FNUZ: fromTable(tabulate(5, 2, 'unsigned-zero')),
  I16: each(2, (view, at) => view.getInt16(at, true)),
  U16: each(2, (view, at) => view.getUint16(at, true)),
  F16: decodeHalves,
  BF16: decodeBrainFloats,
  I32: each(4, (view, at) => view.getInt32(at, true)),
  U32: each(4, (view, at) => view.getUint32(at, true)),
  F32: decodeFloats,
  F64: each(8, (view, at) => view.getFloat64(at, true)),
  I64: each(8, (view, at) => Number(view.getBigInt64(at, true))),
  U64: each(8, (view, at) => Number(view.getBigUint64(at, true))),
};

/**
 * All 256 values of an 8-bit float. `finite` (E4M3): no infinity, NaN is all ones. `unsigned-zero` (FNUZ): bias one
 * higher, NaN is the negative zero. `scale` (E8M0): a power of two, no sign. Source: OCP 8-bit and MX specifications.
 */
function tabulate(
  exponentBits: number,
  mantissaBits: number,
  kind: 'ieee' | 'finite' | 'unsigned-zero' | 'scale',
) {
  let table: Float32Array | undefined;
  return (): Float32Array => {
    table ??= Float32Array.from({ length: 256 }, (_, byte) => {
      if (kind === 'scale') return byte === 255 ? Number.NaN : 2 ** (byte - 127);
      const bias = 2 ** (exponentBits - 1) - (kind === 'unsigned-zero' ? 0 : 1);
      const exponent = (byte >> mantissaBits) & ((1 << exponentBits) - 1);
      const mantissa = byte & ((1 << mantissaBits) - 1);
      const sign = byte & 0x80 ? -1 : 1;
      if (kind === 'unsigned-zero' && byte === 0x80) return Number.NaN;
      if (kind === 'finite' && (byte & 0x7f) === 0x7f) return Number.NaN;
      if (kind === 'ieee' && exponent === (1 << exponentBits) - 1)
        return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
      const fraction = mantissa / (1 << mantissaBits);
      return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
    });
    return table;
  };
}

function decodeFloats(view: DataView, count: number): Float32Array {
  // A copy where the bytes do not lie on a multiple of four; the same memory order on every machine that Node supports.
  const bytes = new Uint8Array(view.buffer, view.byteOffset, count * 4).slice();
  return new Float32Array(bytes.buffer);
}

function decodeBrainFloats(view: DataView, count: number): Float32Array {
  const bits = new Uint32Array(count);
  // In the memory order of every machine that Node supports; twice as quick as by the view.
  const isEven = view.byteOffset % 2 === 0;
  const halfWords = isEven
    ? new Uint16Array(view.buffer, view.byteOffset, count)
    : new Uint16Array(new Uint8Array(view.buffer, view.byteOffset, count * 2).slice().buffer);
  for (let i = 0; i < count; i++) bits[i] = halfWords[i]! << 16;
  return new Float32Array(bits.buffer);
}

let halves: Float32Array | undefined;

function decodeHalves(view: DataView, count: number): Float32Array {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfToNumber(bits));
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = halves[view.getUint16(i * 2, true)]!;
  return out;
}

/** IEEE 754 binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}
