import type { Random } from './random.js';
import { requireDomain, requireInteger } from './stats-error.js';

/** A randomisation p-value. */
export interface RandomizationResult {
  /** The statistic of the assignment that happened: the effect size, in the statistic's own unit. */
  readonly observed: number;
  /** ln of the p-value. */
  readonly logP: number;
  /** Assignments looked at: all of them when `exact`, else the Monte-Carlo draws B. */
  readonly assignments: number;
  readonly exact: boolean;
}

/**
 * Statistics within this relative distance count as ties. Equal sums added in another order differ in the last bits,
 * and a tie that is missed makes the p-value too small; a false tie only makes it larger.
 */
export const TIE_TOLERANCE = 1e-10;

/** Whether a re-drawn statistic is at least the observed one, ties and near-ties included. */
function isAtLeast(statistic: number, observed: number, tieScale: number): boolean {
  requireDomain(!Number.isNaN(statistic), 'the statistic is NaN');
  if (statistic >= observed) return true;
  if (!Number.isFinite(statistic) || !Number.isFinite(observed)) return false;
  return observed - statistic <= TIE_TOLERANCE * Math.max(tieScale, Math.abs(observed), Math.abs(statistic));
}

/**
 * Monte-Carlo randomisation test: p = (1 + #{T(draw) >= T(observed)}) / (1 + B). Exactly valid for every B when, under
 * the null, the observed assignment and the draws are exchangeable (Phipson and Smyth 2010); never 0. `draw` returns a
 * fresh assignment by the very mechanism that made the observed one; `statistic` is large under the alternative and may
 * be -Infinity but not NaN.
 *
 * @throws PhalanxError `STATS_DOMAIN` unless B >= 1 or when a statistic is NaN.
 */
export function testByRandomization<A>(options: {
  readonly observed: A;
  readonly statistic: (assignment: A) => number;
  readonly draw: (random: Random) => A;
  readonly draws: number;
  readonly random: Random;
  /** Size of the terms a statistic is made of, when it may cancel to near 0. Default 0. */
  readonly tieScale?: number;
}): RandomizationResult {
  requireInteger(options.draws, 'draws', 1);
  const observed = options.statistic(options.observed);
  requireDomain(!Number.isNaN(observed), 'the statistic is NaN');
  let atLeast = 1;
  for (let i = 0; i < options.draws; i++) {
    if (isAtLeast(options.statistic(options.draw(options.random)), observed, options.tieScale ?? 0))
      atLeast++;
  }
  return {
    observed,
    logP: Math.log(atLeast / (options.draws + 1)),
    assignments: options.draws,
    exact: false,
  };
}

/**
 * Exact randomisation test over every assignment: p = sum of the probabilities of those with T >= T(observed).
 * `assignments` yields each with its relative probability and must include the observed one.
 *
 * @throws PhalanxError `STATS_DOMAIN` when a statistic is NaN or no assignment is at least the observed one.
 */
export function testByEnumeration<A>(options: {
  readonly observed: A;
  readonly statistic: (assignment: A) => number;
  readonly assignments: Iterable<{ readonly assignment: A; readonly probability: number }>;
  /** As in `testByRandomization`. */
  readonly tieScale?: number;
}): RandomizationResult {
  const observed = options.statistic(options.observed);
  requireDomain(!Number.isNaN(observed), 'the statistic is NaN');
  let atLeast = 0;
  let below = 0;
  let count = 0;
  for (const { assignment, probability } of options.assignments) {
    count++;
    if (isAtLeast(options.statistic(assignment), observed, options.tieScale ?? 0)) atLeast += probability;
    else below += probability;
  }
  requireDomain(atLeast > 0, 'the enumeration must include the observed assignment');
  return { observed, logP: -Math.log1p(below / atLeast) + 0, assignments: count, exact: true };
}
