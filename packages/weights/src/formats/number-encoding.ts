import { refuse } from '../weights-error.js';

/**
 * 32-bit floats as little-endian numbers of a format (F32, F16, BF16), rounded to nearest, ties to even, as PyTorch and numpy do. NaN stays NaN; what
 * is too large becomes infinite.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for another format
 */
export function encodeNumbers(format: string, numbers: Float32Array): Uint8Array {
  if (format === 'F32') return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice();
  const encode = format === 'F16' ? encodeHalf : format === 'BF16' ? encodeBrainFloat : null;
  if (encode === null) return refuse('WEIGHTS_ARGUMENT', `numbers are not written as ${format}`);
  const bits = new Uint32Array(
    numbers.buffer.slice(numbers.byteOffset, numbers.byteOffset + numbers.byteLength),
  );
  const out = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = encode(bits[i]!);
  return new Uint8Array(out.buffer);
}

/** Bits of binary16 nearest to a number. */
export function numberToHalf(value: number): number {
  float[0] = value;
  return encodeHalf(word[0]!);
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Bits of binary32 to those of binary16. */
function encodeHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  // 65,520 and above round to infinity.
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  if (magnitude >= 0x3880_0000) return sign | roundShift(magnitude - 0x3800_0000, 13);
  // Below 2^-14 the implicit bit moves into the fraction; below 2^-25 nothing is left.
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign;
  return sign | roundShift((magnitude & 0x7f_ffff) | 0x80_0000, 126 - exponent);
}

function encodeBrainFloat(bits: number): number {
  if ((bits & 0x7fff_ffff) > 0x7f80_0000) return ((bits >>> 16) & 0x8000) | 0x7fc0;
  return roundShift(bits, 16) & 0xffff;
}

/** `bits / 2^shift` to nearest, ties to even. */
function roundShift(bits: number, shift: number): number {
  const kept = bits >>> shift;
  const rest = bits & (2 ** shift - 1);
  const half = 2 ** (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
