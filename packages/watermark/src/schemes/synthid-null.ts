import type { MarkTest } from '../detect/log-p.js';
import { offsetOf } from '../prf/synthid-table.js';
import { demand, requireInteger } from '../watermark-error.js';
import { transform } from './fourier.js';
import { type Law, LawSum } from './law-sum.js';

/** Keys are drawn from 0 to one less than this, unless said otherwise: every remainder is then equally likely. */
const MAX_KEY_SPACE = 2 ** 32;

/**
 * What any key of a table of coin flips (`SynthidTablePrf`) can say about one text, and how surprising that is.
 *
 * A text is a number of n-grams in each cell; a layer with offset a counts the ones of `table[(cell + a) mod size]`, so
 * the counts of all offsets are one circular correlation. Null: each layer's key was drawn from `keySpace` numbers
 * without regard to the text. Then the law of a layer's count is known exactly, whatever the text repeats and however
 * unfair the table, layers are independent, and the p-value is the tail of their weighted sum. Not a binomial: the
 * 65,536 sums that share one table have other means, and n-grams share cells.
 *
 * ln p is never below `-depth * ln(min(keySpace, size))`: more than the key's own surprise no text can give.
 */
export class SynthidTableNull {
  readonly scored: number;
  readonly #weights: Uint32Array;
  readonly #counts: Float64Array;
  readonly #lowest: number;
  readonly #mean: number;
  readonly #sum: LawSum;

  /**
   * `cells` of n-grams whose contexts differ, below the table's size; `weights` positive integers, one a layer;
   * `keySpace` 1 to 2^32.
   *
   * @throws PhalanxError `MARK_ARGUMENT` for a size that is no power of two, a cell outside, or a bad `keySpace`.
   */
  constructor(cells: Uint32Array, table: Uint8Array, weights: Uint32Array, keySpace = table.length) {
    requireInteger(keySpace, 'key space', 1, MAX_KEY_SPACE);
    const size = table.length;
    demand(Number.isInteger(Math.log2(size)), 'MARK_ARGUMENT', 'a table has 2^n entries', 'Fix its size.');
    const texts = new Float64Array(size);
    for (const cell of cells) {
      demand(cell < size, 'MARK_ARGUMENT', 'a cell outside the table', 'Take cells of the same table.');
      texts[cell]!++;
    }
    this.scored = cells.length;
    this.#weights = weights;
    this.#counts = correlate(texts, table);
    const shares = shareOffsets(size, keySpace);
    const counts = this.#counts.filter((_, offset) => shares[offset]! > 0);
    this.#lowest = counts.reduce((a, b) => Math.min(a, b));
    const law = new Float64Array(counts.reduce((a, b) => Math.max(a, b)) - this.#lowest + 1);
    this.#counts.forEach((count, offset) => {
      if (shares[offset]! > 0) law[count - this.#lowest]! += shares[offset]!;
    });
    this.#mean = this.#lowest + law.reduce((sum, p, value) => sum + p * value, 0);
    this.#sum = new LawSum(groupWeights(law, weights));
  }

  /** Ones that each layer of a key counts in the text. */
  countOnes(offsets: Uint32Array): Float64Array {
    return Float64Array.from(offsets, (offset) => this.#counts[offset]!);
  }

  /**
   * Tests one key by the weighted sum of its layers' ones. The law is the text's and serves every key: a further key
   * costs one look-up a layer.
   *
   * @throws PhalanxError `MARK_ARGUMENT` when there are not as many offsets as weights.
   */
  test(offsets: Uint32Array): MarkTest {
    const { scored } = this;
    const weights = this.#weights;
    demand(offsets.length === weights.length, 'MARK_ARGUMENT', 'a weight for each layer', 'Fix the weights.');
    if (scored === 0) return { logP: 0, scored, excess: 0 };
    let above = 0;
    let total = 0;
    weights.forEach((weight, layer) => {
      above += weight * (this.#counts[offsets[layer]!]! - this.#lowest);
      total += weight;
    });
    const excess = (above / total + this.#lowest) / this.#mean - 1;
    return { logP: this.#sum.logTail(above), scored, excess };
  }
}

/**
 * Weights of layers: 10 for the first, 1 for the last, the steps between rounded to integers so that sums have exact
 * laws. DeepMind's `weighted_mean_score` has the same ends without rounding; early layers gain most from a tournament.
 */
export function descendingWeights(depth: number): Uint32Array {
  return Uint32Array.from({ length: depth }, (_, layer) =>
    depth === 1 ? 10 : Math.round(10 - (9 * layer) / (depth - 1)),
  );
}

function groupWeights(law: Law, weights: Uint32Array) {
  const counts = new Map<number, number>();
  for (const weight of weights) counts.set(weight, (counts.get(weight) ?? 0) + 1);
  return [...counts].map(([weight, count]) => ({ law, weight, count }));
}

/** The share of the keys 0 to keySpace - 1 that has each offset. */
function shareOffsets(size: number, keySpace: number): Float64Array {
  const shares = new Float64Array(size).fill(Math.floor(keySpace / size) / keySpace);
  for (let key = 0; key < keySpace % size; key++) shares[offsetOf(key) & (size - 1)]! += 1 / keySpace;
  return shares;
}

/** Sum over cells of text[cell] * table[(cell + offset) mod size], for each offset. */
function correlate(text: Float64Array, table: Uint8Array): Float64Array {
  const size = table.length;
  const re = Float64Array.from(text);
  const im = new Float64Array(size);
  const tableRe = Float64Array.from(table);
  const tableIm = new Float64Array(size);
  transform(re, im, false);
  transform(tableRe, tableIm, false);
  for (let i = 0; i < size; i++) {
    const r = re[i]! * tableRe[i]! + im[i]! * tableIm[i]!;
    const s = re[i]! * tableIm[i]! - im[i]! * tableRe[i]!;
    re[i] = r;
    im[i] = s;
  }
  transform(re, im, true);
  return re.map(Math.round);
}
