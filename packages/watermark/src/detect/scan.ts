import type { Random } from '@phalanx/stats';
import { type Pivot, valuesPerNgram } from '../mark.js';
import { type Bets, openBets } from './bets.js';
import { SECOND_SHARE } from './log-p.js';

/** Chance a token that marked text begins, and that it ends: spans of about a hundred tokens, one in two thousand. */
const ENTER = 1 / 2000;
const LEAVE = 1 / 100;

/** What one pass over a document's evidence gives. */
export interface Scan {
  /** ln of the likelihood ratio of "marked here and there" (a hidden Markov chain) to "nowhere": an e-value. */
  readonly logRatio: number;
  /** Largest sum of ln e over any stretch of tokens, at least 0. */
  readonly highest: number;
}

const CELLS = 65536;
let stream: Float64Array | undefined;

/** What u adds to the constant bet of one uniform stream, at the upper edge of each of its cells; made once a process. */
function tabulateStream(): Float64Array {
  const { size, priors, evaluate } = openBets({ kind: 'uniform', streams: 1 });
  const out = new Float64Array(size);
  return Float64Array.from({ length: CELLS }, (_, i) => {
    evaluate(Float64Array.of(Math.min(1 - 2 ** -53, (i + 1) / CELLS)), 0, out);
    let sum = 0;
    for (let j = 1; j < size; j++) sum += priors[j]! * out[j]!;
    return sum;
  });
}

/**
 * The likelihood ratio of each n-gram: the prior mixture of `openBets`, mean at most 1 under the null; and draws of it from
 * the null, which are not smaller in distribution.
 */
export class EvidenceDensity {
  readonly #bets: Bets;
  readonly #values: Float64Array;
  readonly #row: Float64Array;
  /** Uniform streams: the share of each; the mixture is the sum of what they add. */
  readonly #shares: readonly number[];

  constructor(pivot: Pivot, secondShare: number = SECOND_SHARE) {
    this.#bets = openBets(pivot, secondShare);
    this.#values = new Float64Array(this.#bets.size);
    this.#row = new Float64Array(valuesPerNgram(pivot));
    if (pivot.kind !== 'uniform') this.#shares = [];
    else this.#shares = pivot.streams === 1 ? [1] : [1 - secondShare, secondShare];
  }

  ratio(values: Float64Array, row: number): number {
    const { priors } = this.#bets;
    this.#bets.evaluate(values, row, this.#values);
    let ratio = 0;
    for (let j = 0; j < priors.length; j++) ratio += priors[j]! * this.#values[j]!;
    return ratio;
  }

  draw(random: Random): number {
    if (this.#shares.length === 0) {
      this.#bets.draw(random, this.#row);
      return this.ratio(this.#row, 0);
    }
    stream ??= tabulateStream();
    let ratio = this.#bets.priors[0]!;
    for (let i = 0; i < this.#shares.length; i++) ratio += this.#shares[i]! * stream[random.uint32() >>> 16]!;
    return ratio;
  }
}

/** Beyond this the best stretch is not followed further: no draw from the null comes near. */
const HIGHEST = 1e300;

/** One pass over the evidence of a document, token by token; `ratios` has 1 where nothing is scored. Linear time. */
export function scanEvidence(ratios: Float64Array): Scan {
  let marked = ENTER / (ENTER + LEAVE);
  let logRatio = 0;
  let product = 1;
  let run = 1;
  let highest = 1;
  for (let t = 0; t < ratios.length; t++) {
    const e = ratios[t]!;
    const won = marked * e;
    const both = 1 - marked + won;
    product *= both;
    if (product > 1e100 || product < 1e-100) {
      logRatio += Math.log(product);
      product = 1;
    }
    const share = won / both;
    marked = share * (1 - LEAVE) + (1 - share) * ENTER;
    run = run > 1 ? run * e : e;
    if (run > highest) highest = run = Math.min(run, HIGHEST);
  }
  return { logRatio: logRatio + Math.log(product), highest: Math.log(highest) };
}

/** Probability that each token is marked, given the whole document, by the chain that `scanEvidence` assumes (forward and backward). */
export function labelTokens(ratios: Float64Array): Float64Array {
  const posterior = new Float64Array(ratios.length);
  let marked = ENTER / (ENTER + LEAVE);
  for (let t = 0; t < ratios.length; t++) {
    const won = marked * ratios[t]!;
    const share = won / (1 - marked + won);
    posterior[t] = share;
    marked = share * (1 - LEAVE) + (1 - share) * ENTER;
  }
  // Odds of what follows given marked to given not.
  let odds = 1;
  for (let t = ratios.length - 1; t >= 0; t--) {
    const won = posterior[t]! * odds;
    posterior[t] = won / (1 - posterior[t]! + won);
    const ahead = ratios[t]! * odds;
    odds = (LEAVE + (1 - LEAVE) * ahead) / (1 - ENTER + ENTER * ahead);
  }
  return posterior;
}

/** A stretch of tokens, `end` exclusive, and the sum of its logarithms. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

/**
 * All maximal scoring stretches of a sequence: disjoint, in order, none extendable or divisible with profit (Ruzzo and Tompa 1999).
 * Linear time: each candidate knows the last one before it whose left sum is lower.
 */
export function findStretches(logs: Float64Array): Stretch[] {
  const starts: number[] = [];
  const ends: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const lower: number[] = [];
  let sum = 0;
  for (let t = 0; t < logs.length; t++) {
    const before = sum;
    sum += logs[t]!;
    if (!(logs[t]! > 0)) continue;
    let [start, from] = [t, before];
    for (;;) {
      let j = left.length - 1;
      while (j >= 0 && left[j]! >= from) j = lower[j]!;
      if (j < 0 || right[j]! >= sum) {
        starts.push(start);
        ends.push(t + 1);
        left.push(from);
        right.push(sum);
        lower.push(j);
        break;
      }
      [start, from] = [starts[j]!, left[j]!];
      for (const list of [starts, ends, left, right, lower]) list.length = j;
    }
  }
  return starts.map((start, i) => ({ start, end: ends[i]!, score: right[i]! - left[i]! }));
}
