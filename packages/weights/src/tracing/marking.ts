import { halfToNumber } from '../formats/number-format.js';
import { type CarrierFormat, type CarrierRange, RUN } from './carriers.js';
import type { MarkParameters } from './mark-key.js';

/**
 * Marks numbers in place.
 *
 * @param bytes numbers of `format`, little-endian, from the first of a run on
 * @param runs key stream of these runs
 * @param word a symbol a position
 * @returns how many numbers were marked
 */
export function markNumbers(
  format: CarrierFormat,
  bytes: Uint8Array<ArrayBuffer>,
  range: CarrierRange,
  runs: Uint16Array,
  word: Uint8Array,
  { share, amplitude }: Pick<MarkParameters, 'share' | 'amplitude'>,
): number {
  const task = { range, runs, word, share, amplitude };
  if (format === 'F32')
    return markFloats(new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), task);
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return format === 'BF16' ? markBrainFloats(words, task) : markHalves(words, task);
}

interface MarkingTask {
  readonly range: CarrierRange;
  readonly runs: Uint16Array;
  readonly word: Uint8Array;
  readonly share: number;
  readonly amplitude: number;
}

function markBrainFloats(words: Uint16Array, { range, runs, word, share, amplitude }: MarkingTask): number {
  const [above, below] = [range.above >>> 16, range.below >>> 16];
  return markWords(words, 0x7fff, above, below, amplitude, runs, word, share);
}

function markHalves(words: Uint16Array, { range, runs, word, share, amplitude }: MarkingTask): number {
  // A unit of bfloat16 is eight of binary16.
  const [above, below] = [findHalf(range.above), findHalf(range.below - 1) + 1];
  return markWords(words, 0x7fff, above, below, amplitude * 8, runs, word, share);
}

function markFloats(words: Int32Array, { range, runs, word, share, amplitude }: MarkingTask): number {
  return markWords(words, 0x7fff_ffff, range.above, range.below, amplitude * 0x1_0000, runs, word, share);
}

/**
 * One loop for words of both sizes, since a magnitude grows with its bits in every format. Without branches on what is random,
 * which a processor would guess wrong half of the time.
 */
function markWords(
  words: Uint16Array | Int32Array,
  magnitudeBits: number,
  above: number,
  below: number,
  step: number,
  runs: Uint16Array,
  word: Uint8Array,
  share: number,
): number {
  const last = word.length - 1;
  let marked = 0;
  for (let from = 0, run = 0; from < words.length; from += RUN, run += 4) {
    if (runs[run]! >= share) continue;
    const signs = runs[run + 1]!;
    const first = runs[run + 2]! | (runs[run + 3]! << 16);
    const count = Math.min(RUN, words.length - from);
    for (let j = 0; j < count; j++) {
      const bits = words[from + j]!;
      const magnitude = bits & magnitudeBits;
      // All ones where the magnitude lies between, else zero.
      const carries = ((above - magnitude) & (magnitude - below)) >> 31;
      // All ones where it shrinks.
      const shrinks = -(((signs >>> j) & 1) ^ word[(first + j) & last]!);
      words[from + j] = bits + (((step ^ shrinks) - shrinks) & carries);
      marked -= carries;
    }
  }
  return marked;
}

/** The largest magnitude of binary16 that is not above a 32-bit float, both as bits. */
function findHalf(bits: number): number {
  const value = new Float32Array(Uint32Array.of(bits).buffer)[0]!;
  let [low, high] = [0, 0x7c00];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (halfToNumber(middle) <= value) low = middle;
    else high = middle;
  }
  return low;
}
