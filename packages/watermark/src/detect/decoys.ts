import { logBinomialUpperTail } from '@phalanx/stats';
import type { Mark } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';
import { type MarkTestOptions, testKey } from './log-p.js';

/** Most decoys that one check opens. */
export const MAX_DECOYS = 100_000;

/** What the p-values of keys that nobody used look like on a text. */
export interface DecoyCheck {
  /** Null: p-values of unused keys on these n-grams are at least as large as uniform ones. */
  readonly logP: number;
  /** Decoys with p at or below 1 % and 5 %. */
  readonly atMost1: number;
  readonly atMost5: number;
  readonly tried: number;
  /** Whether the null stands at 0.001: if not, believe `rankMark` and not `testMark` on this text. */
  readonly calibrated: boolean;
}

const DOUBT = Math.log(1e-3);

/**
 * Runs a test with keys that have nothing to do with a text and asks whether its p-values are what they claim; catches n-grams
 * that were counted twice, values that several n-grams share, a wrong gamma. Bonferroni over three: the counts at 1 % and 5 %
 * against binomials, and the largest excess of their distribution over the diagonal (Massart 1990: P(excess > d) <= exp(-2 n d^2)).
 *
 * `decoys`: about 200 marks of the dialect and parameters in question under fresh keys.
 *
 * @throws PhalanxError `MARK_ARGUMENT` with fewer than 20 decoys, `MARK_LIMIT` beyond `MAX_DECOYS`.
 */
export function checkDecoys(
  ngrams: Ngrams,
  decoys: Iterable<Mark>,
  options: MarkTestOptions = {},
): DecoyCheck {
  const logPs: number[] = [];
  for (const mark of decoys) {
    demand(logPs.length < MAX_DECOYS, 'MARK_LIMIT', `more than ${MAX_DECOYS} decoys`, 'Draw about 200 keys.');
    logPs.push(testKey(mark, ngrams, options).logP);
  }
  return checkPValues(logPs);
}

/** The check of `checkDecoys` on p-values that are at hand: ln of each, of unused keys. */
export function checkPValues(logPs: readonly number[]): DecoyCheck {
  const tried = logPs.length;
  demand(tried >= 20, 'MARK_ARGUMENT', `${tried} decoys are too few`, 'Draw about 200 keys.');
  const sorted = Float64Array.from(logPs).sort();
  const countAtMost = (level: number) => sorted.filter((logP) => logP <= Math.log(level)).length;
  const [atMost1, atMost5] = [countAtMost(0.01), countAtMost(0.05)];
  let excess = 0;
  // Ties step together: the distribution at a value counts all that share it.
  for (let i = 0; i < tried; i++)
    if (sorted[i + 1] !== sorted[i]) excess = Math.max(excess, (i + 1) / tried - Math.exp(sorted[i]!));
  // Massart's one-sided bound holds where it is at most 1/2.
  const massart = -2 * tried * excess * excess;
  const least = Math.min(
    logBinomialUpperTail(atMost1, tried, 0.01),
    logBinomialUpperTail(atMost5, tried, 0.05),
    massart <= -Math.LN2 ? massart : 0,
  );
  const logP = Math.min(0, least + Math.log(3));
  return { logP, atMost1, atMost5, tried, calibrated: logP > DOUBT };
}
