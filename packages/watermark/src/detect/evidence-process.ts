import { logAddExp } from '@phalanx/stats';
import type { Pivot } from '../mark.js';
import { type Bets, openBets } from './bets.js';
import { countRows } from './rows.js';

/** Least step of a learning player: an entropy that changes is followed within some fifty n-grams. */
const LEAST_STEP = 0.02;
/** N-grams that its start counts for. */
const START_COUNT = 6;
/** Share that goes back to the prior at a whole step, so that no bet is lost for good. */
const RETURNED = 0.01;
const RETURNED_OF_ALL = 1e-4;

/** Settings of `EvidenceProcess`, fixed before the first value. */
export interface EvidenceOptions {
  /** Two streams: share of tokens that the second key is taken to choose. Default 0.1. */
  readonly secondShare?: number;
}

/**
 * Anytime-valid evidence that tokens were chosen under a key: an e-process on the pivot values of a stream of n-grams.
 *
 * Two players start with half of 1 each. At each n-gram a player's half is multiplied by e = sum_j w_j e_j, the e_j the bets of
 * `openBets` and w its weights, made of earlier n-grams only. One learns what share of n-grams each bet explains (entropy differs from
 * token to token), the other which single bet explains all of them (a green list's bias is much the same everywhere).
 *
 * Proof of the guarantee: given all earlier values, w is fixed and sums to 1, and under the null the next n-gram's values are
 * independent of the earlier ones with the law that `Pivot` states (or, for a discrete u, below it while every e_j rises
 * with u), so each e_j has mean at most 1 and so has e. The sum of the halves is therefore a non-negative supermartingale that
 * starts at 1: at any stopping time, chosen by looking, E[exp(logE)] <= 1, and the chance that it ever reaches 1/alpha
 * is at most alpha (Ville).
 *
 * Needs n-grams that count once (`NgramCollector`, and `Mark.distinct` where a dialect has it), and values independent between
 * n-grams: for green lists that a whole context shares, collect with unit 'context', since a token drawn after a red one of
 * the same list is green a little too often. Not for marks with a test of their own (`Mark.test`).
 * Null: as `MarkTest.logP`. Calibration and power: conformance suite `watermark-statistics`, bench `watermark-power`.
 */
export class EvidenceProcess {
  readonly #pivot: Pivot;
  readonly #bets: Bets;
  readonly #values: Float64Array;
  readonly #sharing: Player;
  readonly #single: Player;
  #scored = 0;
  #logE = 0;
  #highest = 0;

  constructor(pivot: Pivot, options: EvidenceOptions = {}) {
    this.#pivot = pivot;
    this.#bets = openBets(pivot, options.secondShare);
    this.#values = new Float64Array(this.#bets.size);
    this.#sharing = new Player(this.#bets.priors);
    this.#single = new Player(this.#bets.priors);
  }

  /**
   * Takes the values of the next n-grams, in any number of parts; returns ln of the e-value now.
   *
   * @throws PhalanxError `MARK_ARGUMENT` on values that the pivot cannot have.
   */
  push(values: Float64Array): number {
    const rows = countRows(this.#pivot, values);
    for (let row = 0; row < rows; row++) {
      this.#bets.evaluate(values, row, this.#values);
      this.#scored++;
      const step = Math.max(LEAST_STEP, 1 / (this.#scored + START_COUNT));
      this.#sharing.add(this.#values, step, RETURNED * step);
      this.#single.add(this.#values, 1, RETURNED_OF_ALL);
      this.#logE = logAddExp(this.#sharing.logE, this.#single.logE) - Math.LN2;
      if (this.#logE > this.#highest) this.#highest = this.#logE;
    }
    return this.#logE;
  }

  /** N-grams taken. */
  get scored(): number {
    return this.#scored;
  }

  /** ln of the e-value now: fit for stopping and for e-BH. */
  get logE(): number {
    return this.#logE;
  }

  /** ln of the largest value so far: only Ville's inequality applies to it, and to one process (`logVilleBound`). */
  get logRunningMaximumNotForEbh(): number {
    return this.#highest;
  }
}

/** Weights on bets, learned from the past, and the product of what they won. */
class Player {
  readonly #priors: Float64Array;
  readonly #weights: Float64Array;
  logE = 0;

  constructor(priors: Float64Array) {
    this.#priors = priors;
    this.#weights = priors.slice();
  }

  /** Bets, then moves the weights by `step` towards how much each bet explained and by `returned` to the prior. */
  add(values: Float64Array, step: number, returned: number): void {
    const [w, priors] = [this.#weights, this.#priors];
    let won = 0;
    for (let j = 0; j < w.length; j++) won += w[j]! * values[j]!;
    this.logE += Math.log(won);
    for (let j = 0; j < w.length; j++) {
      const learned = w[j]! * (1 - step + (step * values[j]!) / won);
      w[j] = (1 - returned) * learned + returned * priors[j]!;
    }
  }
}
