import { LANE_CHANCE, logBinomialUpperTail } from '@phalanx/stats';
import { attributionError } from './attribution-error.js';
import { LANES } from './band-design.js';

/** From how many equal lanes a pair is a match, and what that leaves to chance. Natural logarithms. */
export interface MatchRule {
  /** Equal lanes of 32. */
  readonly threshold: number;
  /** Bound of the chance that a pair which shares at most `overlap` of its shingles matches. */
  readonly logPair: number;
  /** Bound of the chance that any such pair of the run matches: at most alpha. */
  readonly logRun: number;
  /** Pairs tried: candidates times stored responses. */
  readonly pairs: number;
  readonly overlap: number;
}

/**
 * The lowest threshold at which pairs without a common origin match with a chance of at most alpha in the whole run.
 *
 * Null: of the shingles that a candidate and a stored response have together, at most the share `overlap` is in both. A lane then
 * agrees with probability at most overlap + (1 - overlap) / 256 over the draw of the key, lanes are independent, and the number of
 * equal lanes has a binomial upper tail. The chance of any match is at most the sum over all pairs (Boole), whatever their
 * dependence. Texts that share more (a template, a quotation, a refusal) are outside of this null: rarity, control rows and the
 * comparison of accounts deal with them.
 *
 * @param pairs candidates times stored responses
 * @throws PhalanxError `ATTRIBUTION_OPTIONS` unless 0 < alpha < 1 and 0 <= overlap <= 0.2.
 */
export function chooseRule(pairs: number, alpha: number, overlap: number): MatchRule {
  if (!(alpha > 0 && alpha < 1))
    throw attributionError('ATTRIBUTION_OPTIONS', 'alpha does not lie between 0 and 1');
  if (!(overlap >= 0 && overlap <= 0.2))
    throw attributionError('ATTRIBUTION_OPTIONS', 'overlap does not lie between 0 and 0.2');
  for (let threshold = 1; ; threshold++) {
    const logPair = boundPair(threshold, overlap);
    const logRun = Math.min(0, logPair + Math.log(Math.max(1, pairs)));
    if (logRun <= Math.log(alpha) || threshold === LANES)
      return { threshold, logPair, logRun, pairs, overlap };
  }
}

/** ln of the chance that at least `equal` of 32 lanes agree at Jaccard similarity `overlap`. */
export function boundPair(equal: number, overlap: number): number {
  return logBinomialUpperTail(Math.min(equal, LANES), LANES, overlap + (1 - overlap) * LANE_CHANCE);
}
