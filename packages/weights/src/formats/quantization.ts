import { refuse } from '../weights-error.js';
import { encodeNumbers, numberToHalf } from './number-encoding.js';

const BLOCK = 32;
const MAX_HALF = 65_504;

/**
 * 32-bit floats as blocks of a tensor type of ggml, by the reference rounding (`gguf-py/gguf/quants.py`, which follows
 * `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref` in one multiplication and addition without rounding between).
 *
 * @param numbers as many whole blocks of 32 as there are
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for another format, a part of a block, or numbers that no block can hold
 */
export function encodeBlocks(format: string, numbers: Float32Array): Uint8Array {
  if (format === 'Q8_0') return encodeEach(numbers, 34, encodeQ8);
  if (format === 'Q4_0') return encodeEach(numbers, 18, encodeQ4);
  return encodeNumbers(format, numbers);
}

function encodeEach(
  numbers: Float32Array,
  bytes: number,
  encode: (numbers: Float32Array, block: DataView) => void,
): Uint8Array {
  if (numbers.length % BLOCK !== 0) return refuse('WEIGHTS_ARGUMENT', 'numbers that are no whole blocks');
  const out = new Uint8Array((numbers.length / BLOCK) * bytes);
  for (let i = 0; i * BLOCK < numbers.length; i++)
    encode(numbers.subarray(i * BLOCK, (i + 1) * BLOCK), new DataView(out.buffer, i * bytes, bytes));
  return out;
}

function encodeQ8(numbers: Float32Array, block: DataView): void {
  const scale = Math.fround(Math.abs(findLargest(numbers)) / 127);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  block.setUint16(0, encodeScale(scale), true);
  for (let i = 0; i < BLOCK; i++) {
    const value = Math.fround(numbers[i]! * inverse);
    // Halves go away from zero.
    block.setInt8(2 + i, Math.sign(value) * Math.floor(Math.abs(value) + 0.5));
  }
}

function encodeQ4(numbers: Float32Array, block: DataView): void {
  const scale = Math.fround(findLargest(numbers) / -8);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  block.setUint16(0, encodeScale(scale), true);
  const quantum = (i: number) => Math.min(15, Math.max(0, Math.trunc(numbers[i]! * inverse + 8.5)));
  for (let i = 0; i < 16; i++) block.setUint8(2 + i, quantum(i) | (quantum(16 + i) << 4));
}

/** The first of the numbers of largest magnitude, with its sign. */
function findLargest(numbers: Float32Array): number {
  let largest = 0;
  for (const value of numbers) {
    if (!Number.isFinite(value)) return refuse('WEIGHTS_ARGUMENT', 'numbers that are not finite');
    if (Math.abs(value) > Math.abs(largest)) largest = value;
  }
  return largest;
}

function encodeScale(scale: number): number {
  if (Math.abs(scale) > MAX_HALF)
    return refuse('WEIGHTS_ARGUMENT', 'numbers too large for a scale of 16 bits');
  return numberToHalf(scale);
}
