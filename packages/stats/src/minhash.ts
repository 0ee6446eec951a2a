import { clopperPearson, type Interval } from './intervals.js';
import { requireDomain, requireInteger, requireShape } from './stats-error.js';
import { logBinomialUpperTail } from './tails.js';

/** Chance that two unrelated 8-bit lanes agree. */
export const LANE_CHANCE = 1 / 256;

/** Equal bytes of two sketches of the same length. @throws PhalanxError `STATS_SHAPE` when lengths differ. */
export function countEqualLanes(a: Uint8Array, b: Uint8Array): number {
  requireShape(a.length === b.length, 'sketches differ in length');
  let equal = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) equal++;
  return equal;
}

/** What equal lanes say about the Jaccard similarity of two sets. */
export interface JaccardStatement extends Interval {
  /** (share - 1/256) / (1 - 1/256), cut to [0, 1]: unbiased before the cut. */
  readonly estimate: number;
}

/**
 * The Jaccard similarity J behind `equal` of `lanes` agreeing 8-bit MinHash lanes. A lane agrees with probability
 * J + (1 - J)/256 (Li and Koenig 2010, b-bit minwise hashing, large sets), so the Clopper-Pearson interval of the lane
 * share, mapped back, covers J with probability at least 1 - alpha.
 *
 * Assumption: lanes come from independent hash functions. Lanes of one-permutation hashing are dependent and the
 * interval does not hold for them.
 *
 * @throws PhalanxError `STATS_DOMAIN` unless 0 <= equal <= lanes, lanes >= 1, alpha in (0, 1).
 */
export function stateJaccard(equal: number, lanes: number, alpha: number): JaccardStatement {
  requireInteger(lanes, 'lanes', 1);
  const { lower, upper } = clopperPearson(equal, lanes, alpha);
  return { estimate: toJaccard(equal / lanes), lower: toJaccard(lower), upper: toJaccard(upper) };
}

function toJaccard(share: number): number {
  return Math.min(1, Math.max(0, (share - LANE_CHANCE) / (1 - LANE_CHANCE)));
}

/**
 * ln of the exact p-value of H0 "J <= j0": P(at least `equal` of `lanes` agree) at J = j0. j0 = 0 tests against
 * unrelated texts. Same assumption as `stateJaccard`.
 */
export function logMinHashTail(equal: number, lanes: number, j0: number): number {
  requireDomain(j0 >= 0 && j0 <= 1, `j0 must be in [0, 1], not ${j0}`);
  requireInteger(equal, 'equal', 0, lanes);
  return logBinomialUpperTail(equal, lanes, j0 + (1 - j0) * LANE_CHANCE);
}
