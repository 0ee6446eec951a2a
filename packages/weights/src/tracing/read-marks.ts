import { countColumns, type Tensor } from '../formats/weight-file.js';
import { refuse } from '../weights-error.js';
import {
  type CarrierRange,
  type CarrierStream,
  findCarrierRange,
  isCarrierFormat,
  openCarriers,
  RUN,
} from './carriers.js';
import { removeDrift } from './drift.js';
import type { MarkKey } from './mark-key.js';

/** Furthest that one number counts, in marks: a changed or planted number may not decide over its position. */
const CLIP = 24;
/** A row's variance is not taken below this part of the energy of its marks: rows that fit better by chance must not count for more. */
const LEAST_NOISE = 0.25;
/** Numbers this many times beyond the largest of the owner's row say nothing; a scale must not be fitted to them. */
const OUTLIER = 8;

/** What a file shows of a code, and how much of the file said so. */
export interface ShownCode {
  /** A number from -1 (zero) to 1 (one) for each position; 0 where nothing can be said. */
  readonly shown: Float64Array;
  /** Carriers that were read. */
  readonly carriers: number;
  /** Carriers that are zero, no finite number or out of proportion in the file. */
  readonly erased: number;
  /** Positions with at least one carrier. */
  readonly positions: number;
  /** Root mean square distance from the owner's numbers, in units of the last place of bfloat16, each clipped at 24 marks. Null without carriers. */
  readonly noiseUlps: number | null;
  /** Components of low rank that were taken out of the differences, over all blocks. */
  readonly driftComponents: number;
}

/**
 * Gathers what a file shows at each position, row by row.
 *
 * For a carrier k of a row, with the owner's number b, the file's x, the size d of a mark and the sign c of the carrier: e = s x - b, s fitted to the
 * row by least squares, less the block's components of low rank (`removeDrift`); it counts clip(e, 24 d) sign(b) c d / v against d^2 / v, v the mean of
 * the row's clipped e^2. A position shows the quotient of its sums, cut at -1 and 1. Nothing here depends on any holder's code word: base, file, carriers and biases are all that goes in.
 */
export class MarkReader {
  readonly #key: MarkKey;
  readonly #sums: Float64Array;
  readonly #weights: Float64Array;
  readonly #carriers = new Map<string, CarrierStream>();
  #read = 0;
  #erased = 0;
  #noise = 0;
  #drift = 0;

  constructor(key: MarkKey) {
    this.#key = key;
    this.#sums = new Float64Array(key.parameters.codeLength);
    this.#weights = new Float64Array(key.parameters.codeLength);
  }

  /**
   * Reads a stretch of one tensor.
   *
   * @param tensor of the owner, which names the carriers
   * @param from place of the first number in it
   * @param base the owner's numbers
   * @param suspect the file's, as many; not finite and zero: erased
   */
  add(tensor: Tensor, from: number, base: Float32Array, suspect: Float32Array): void {
    if (base.length !== suspect.length || !isCarrierFormat(tensor.format))
      refuse('WEIGHTS_ARGUMENT', 'stretches of two lengths, or of numbers that are not marked');
    const { parameters } = this.#key;
    const stream = this.#stream(tensor.name);
    const range = findCarrierRange(tensor.format, stream.tensor.threshold, parameters.amplitude);
    const firstRun = Math.floor(from / (2 * RUN)) * 2;
    const runs = stream.read(firstRun, Math.ceil((from + base.length) / RUN) - firstRun);
    const columns = measureRow(tensor);
    const differences = new Float32Array(base.length);
    const limits: number[] = [];
    const ends: number[] = [];
    for (let at = 0; at < base.length; ) {
      const end = Math.min(base.length, at + columns - ((from + at) % columns));
      const [mine, theirs] = [base.subarray(at, end), suspect.subarray(at, end)];
      const limit = OUTLIER * findLargest(mine);
      const scale = fitScale(mine, theirs, limit);
      for (let k = 0; k < mine.length; k++)
        if (Math.abs(theirs[k]!) <= limit && theirs[k] !== 0)
          differences[at + k] = scale * theirs[k]! - mine[k]!;
      limits.push(limit);
      ends.push(end);
      at = end;
    }
    if (from % columns === 0 && base.length % columns === 0)
      this.#drift += removeDrift(
        { rows: base.length / columns, columns, values: differences },
        base,
        // A unit of the last place is 2^-8 to 2^-7 of a number.
        parameters.amplitude * 2 ** -8 * Math.sqrt(parameters.share / 65_536),
      );
    for (const [row, end] of ends.entries()) {
      const at = row === 0 ? 0 : ends[row - 1]!;
      const stretch = { from: at, end, limit: limits[row]!, offset: from - firstRun * RUN };
      this.#addRow(base, suspect, differences, stretch, range, runs);
    }
  }

  finish(): ShownCode {
    const shown = new Float64Array(this.#sums.length);
    let positions = 0;
    for (let i = 0; i < shown.length; i++) {
      if (!(this.#weights[i]! > 0)) continue;
      positions++;
      const value = this.#sums[i]! / this.#weights[i]!;
      shown[i] = Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0;
    }
    return {
      shown,
      carriers: this.#read,
      erased: this.#erased,
      positions,
      noiseUlps: this.#read > 0 ? Math.sqrt(this.#noise / this.#read) : null,
      driftComponents: this.#drift,
    };
  }

  #stream(name: string): CarrierStream {
    const known = this.#carriers.get(name) ?? openCarriers(this.#key, name);
    this.#carriers.set(name, known);
    return known;
  }

  #addRow(
    base: Float32Array,
    suspect: Float32Array,
    differences: Float32Array,
    { from, end, limit, offset }: RowStretch,
    { above, below }: CarrierRange,
    runs: Uint16Array,
  ): void {
    const { amplitude, share, codeLength } = this.#key.parameters;
    const bits = new Uint32Array(base.buffer, base.byteOffset, base.length);
    let [sum, marks, count] = [0, 0, 0];
    // Over the numbers that could carry a mark, whether they do or not.
    for (let k = from; k < end; k++) {
      const magnitude = bits[k]! & 0x7fff_ffff;
      const x = suspect[k]!;
      if (magnitude <= above || magnitude >= below || !(Math.abs(x) <= limit) || x === 0) continue;
      const size = amplitude * UNITS[magnitude >>> 23]!;
      const distance = clip(differences[k]!, CLIP * size);
      sum += distance * distance;
      marks += size * size;
      count++;
    }
    const variance = Math.max(sum, (LEAST_NOISE * marks * share) / 65_536) / count;
    const last = codeLength - 1;
    for (let k = from; k < end; ) {
      const run = ((offset + k) >>> 4) * 4;
      const runEnd = Math.min(end, k + RUN - ((offset + k) & 15));
      if (runs[run]! >= share) {
        k = runEnd;
        continue;
      }
      const signs = runs[run + 1]!;
      const first = runs[run + 2]! | (runs[run + 3]! << 16);
      for (; k < runEnd; k++) {
        const magnitude = bits[k]! & 0x7fff_ffff;
        if (magnitude <= above || magnitude >= below) continue;
        if (!(Math.abs(suspect[k]!) <= limit) || suspect[k] === 0) {
          this.#erased++;
          continue;
        }
        this.#read++;
        const j = (offset + k) & 15;
        const position = (first + j) & last;
        const size = amplitude * UNITS[magnitude >>> 23]!;
        const distance = clip(differences[k]!, CLIP * size);
        const sign = base[k]! > 0 === (((signs >>> j) & 1) === 1) ? 1 : -1;
        this.#sums[position]! += (sign * distance * size) / variance;
        this.#weights[position]! += (size * size) / variance;
        this.#noise += ((distance * amplitude) / size) ** 2;
      }
    }
  }
}

const LEAST_ROW = 32;

/**
 * Numbers that are scaled together: the last dimension, where tensors of several matrices have their rows; all but the first where that is short, as
 * in convolutions.
 */
export function measureRow(tensor: Tensor): number {
  const last = tensor.shape.at(-1) ?? 1;
  return last >= LEAST_ROW ? last : countColumns(tensor);
}

interface RowStretch {
  /** In the arrays. */
  readonly from: number;
  readonly end: number;
  /** Magnitudes above say nothing. */
  readonly limit: number;
  /** Place of the arrays' first number in the runs. */
  readonly offset: number;
}

/** 2^-7 of a power of two, by its exponent in a 32-bit float: a unit of the last place of bfloat16. */
const UNITS = Float64Array.from({ length: 256 }, (_, exponent) => 2 ** (exponent - 134));

/** The scale that brings the file's row nearest to the owner's; 1 where none does. */
function fitScale(base: Float32Array, suspect: Float32Array, limit: number): number {
  let [shared, squares] = [0, 0];
  for (let k = 0; k < base.length; k++) {
    const x = suspect[k]!;
    if (!(Math.abs(x) <= limit)) continue;
    shared += base[k]! * x;
    squares += x * x;
  }
  const scale = shared / squares;
  return Number.isFinite(scale) ? scale : 1;
}

function findLargest(base: Float32Array): number {
  let largest = 0;
  for (const value of base) {
    const magnitude = Math.abs(value);
    if (magnitude > largest && magnitude !== Number.POSITIVE_INFINITY) largest = magnitude;
  }
  return largest;
}

function clip(value: number, limit: number): number {
  return value > limit ? limit : value < -limit ? -limit : value;
}
