import { requireDomain, requireInteger } from './stats-error.js';
import {
  logBinomialLowerTail,
  logBinomialUpperTail,
  logPoissonLowerTail,
  logPoissonUpperTail,
} from './tails.js';

/** A confidence interval. `lower` and `upper` are in the unit of the parameter. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * One-sided Clopper-Pearson lower bound: the greatest p0 with P(X >= k | p0) <= alpha. P(bound > p) <= alpha whatever
 * p is. k successes in n; alpha in (0, 1). Solved to the last bit of the tail functions and rounded outwards.
 *
 * @throws PhalanxError `STATS_DOMAIN` on k outside [0, n] or alpha outside (0, 1).
 */
export function boundProportionBelow(k: number, n: number, alpha: number): number {
  checkCounts(k, n, alpha);
  if (k === 0) return 0;
  return bisect(0, 1, (p) => logBinomialUpperTail(k, n, p) <= Math.log(alpha)).inside;
}

/** One-sided Clopper-Pearson upper bound: the least p0 with P(X <= k | p0) <= alpha. As `boundProportionBelow`. */
export function boundProportionAbove(k: number, n: number, alpha: number): number {
  checkCounts(k, n, alpha);
  if (k === n) return 1;
  return bisect(0, 1, (p) => logBinomialLowerTail(k, n, p) > Math.log(alpha)).outside;
}

/** Two-sided Clopper-Pearson interval (Biometrika 1934) with coverage at least 1 - alpha, alpha/2 on each side. */
export function clopperPearson(k: number, n: number, alpha: number): Interval {
  return { lower: boundProportionBelow(k, n, alpha / 2), upper: boundProportionAbove(k, n, alpha / 2) };
}

/** One-sided exact lower bound for a Poisson mean after k events: the greatest rate with P(X >= k) <= alpha. */
export function boundRateBelow(k: number, alpha: number): number {
  checkCounts(k, k, alpha);
  if (k === 0) return 0;
  return bisect(0, k, (rate) => logPoissonUpperTail(k, rate) <= Math.log(alpha)).inside;
}

/** One-sided exact upper bound for a Poisson mean after k events: the least rate with P(X <= k) <= alpha. */
export function boundRateAbove(k: number, alpha: number): number {
  checkCounts(k, k, alpha);
  let high = 2 * k + 10;
  while (logPoissonLowerTail(k, high) > Math.log(alpha)) high *= 2;
  return bisect(0, high, (rate) => logPoissonLowerTail(k, rate) > Math.log(alpha)).outside;
}

/** Two-sided exact (Garwood 1936) interval for a Poisson mean, alpha/2 on each side. */
export function poissonInterval(k: number, alpha: number): Interval {
  return { lower: boundRateBelow(k, alpha / 2), upper: boundRateAbove(k, alpha / 2) };
}

function checkCounts(k: number, n: number, alpha: number): void {
  requireInteger(n, 'n');
  requireInteger(k, 'k', 0, n);
  requireDomain(alpha > 0 && alpha < 1, `alpha must be in (0, 1), not ${alpha}`);
}

/** The adjacent doubles around the end of the initial stretch of (low, high) where `holds` is true. */
function bisect(
  low: number,
  high: number,
  holds: (x: number) => boolean,
): { inside: number; outside: number } {
  let inside = low;
  let outside = high;
  for (;;) {
    // Geometric steps reach small solutions in tens of steps, not hundreds.
    const from = Math.max(inside, 1e-320);
    const middle = outside > 4 * from ? Math.sqrt(from) * Math.sqrt(outside) : (inside + outside) / 2;
    if (middle <= inside || middle >= outside) return { inside, outside };
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
}
