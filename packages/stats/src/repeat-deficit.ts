import { logSumExp } from './log-space.js';
import { requireDomain } from './stats-error.js';

/** Betting fractions: t is the factor applied on a repeat; the smaller, the bolder. */
export const REPEAT_BETS: readonly number[] = [0.05, 0.2, 0.5];

/** P(a new item nearly repeats one of `earlier` items) at pair rate `lambda0`: 1 - exp(-lambda0 * earlier). */
export function repeatProbability(lambda0: number, earlier: number): number {
  requireDomain(lambda0 >= 0 && Number.isFinite(lambda0), `lambda0 must be finite and >= 0, not ${lambda0}`);
  requireDomain(earlier >= 0, `earlier must be >= 0, not ${earlier}`);
  return -Math.expm1(-lambda0 * earlier);
}

/**
 * E-process against H0 "each new item repeats an earlier one with probability at least p0, given the past". Large when
 * repeats are missing, as in a curated list that never asks twice: it speaks of curation, not of theft.
 *
 * Each item multiplies three capitals, one a bet t in {0.05, 0.2, 0.5}, by t when it is a repeat and by
 * (1 - t p0)/(1 - p0) when not; the e-value is the mean of the three products.
 *
 * Validity for EVERY p >= p0. With repeat probability p given the past the factor has expectation
 * f(p) = p t + (1 - p)(1 - t p0)/(1 - p0). f(p0) = t p0 + 1 - t p0 = 1, and f is linear with slope
 * t - (1 - t p0)/(1 - p0) = (t - 1)/(1 - p0) < 0 for t < 1, so f(p) <= 1 for all p >= p0. Hence each product is a
 * non-negative supermartingale from 1, and so is their mean; p0 may depend on the past. It holds at any stopping time.
 *
 * Void when repeats cluster: if honest traffic repeats at p0 on average but in bursts, or by a few customers, then
 * given the past p < p0 most of the time and the e-value can grow under innocence. The test file measures that.
 */
export class RepeatDeficit {
  readonly #logProducts = REPEAT_BETS.map(() => 0);
  #items = 0;
  #repeats = 0;
  #expected = 0;

  /**
   * @param repeat whether the item nearly repeats an earlier one
   * @param p0 least repeat probability under the null given the past, in [0, 1)
   * @throws PhalanxError `STATS_DOMAIN` on p0 outside [0, 1).
   */
  addItem(repeat: boolean, p0: number): void {
    requireDomain(p0 >= 0 && p0 < 1, `p0 must be in [0, 1), not ${p0}`);
    this.#items++;
    if (repeat) this.#repeats++;
    this.#expected += p0;
    for (let i = 0; i < REPEAT_BETS.length; i++) {
      const t = REPEAT_BETS[i]!;
      this.#logProducts[i]! += repeat ? Math.log(t) : Math.log1p(-t * p0) - Math.log1p(-p0);
    }
  }

  /** ln of the e-value now; 0 before the first item. */
  get logE(): number {
    return logSumExp(this.#logProducts) - Math.log(REPEAT_BETS.length);
  }

  /** Effect size: items, repeats seen, and the least number expected under the null. */
  get counts(): { readonly items: number; readonly repeats: number; readonly leastExpected: number } {
    return { items: this.#items, repeats: this.#repeats, leastExpected: this.#expected };
  }
}
