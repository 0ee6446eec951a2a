import { logSumExp } from './log-space.js';
import { requireDomain, requireShape } from './stats-error.js';

/**
 * E-values: non-negative statistics with expectation at most 1 under the null, held as natural logarithms (`logE`).
 * Markov: P(E >= 1/alpha) <= alpha. Source: Vovk and Wang 2021, "E-values: calibration, combination and applications".
 */

function checkLogP(logP: number): void {
  requireDomain(logP <= 0, `a log p-value must be <= 0, not ${logP}`);
}

function checkLogEs(logEs: ArrayLike<number>): void {
  requireShape(logEs.length > 0, 'at least one e-value is needed');
  for (let i = 0; i < logEs.length; i++) requireDomain(!Number.isNaN(logEs[i]!), 'a log e-value is NaN');
}

/**
 * ln of the calibrated e-value kappa p^(kappa - 1), kappa in (0, 1). Valid for any p-value (uniform or
 * super-uniform), since it integrates to 1 over (0, 1) and falls with p. `logP` = ln p <= 0, -Infinity allowed.
 *
 * @throws PhalanxError `STATS_DOMAIN` on logP > 0, NaN, or kappa outside (0, 1).
 */
export function logPowerE(logP: number, kappa: number): number {
  checkLogP(logP);
  requireDomain(kappa > 0 && kappa < 1, `kappa must be in (0, 1), not ${kappa}`);
  return Math.log(kappa) + (kappa - 1) * logP;
}

/**
 * ln of the mixture of all power calibrators, integral over kappa in (0, 1) of kappa p^(kappa-1) =
 * (1 - p + p ln p) / (p ln^2 p): no kappa to choose, at the price of a factor ln^2 p. Equals ln(1/2) at p = 1. Relative
 * error of e below 1e-13. Source: Vovk and Wang 2021, equation (2).
 */
export function logMixtureE(logP: number): number {
  checkLogP(logP);
  const depth = -logP;
  if (depth === Number.POSITIVE_INFINITY) return depth;
  if (depth < 1) {
    // 1 - (1 + L)e^-L over L^2 = sum over k >= 2 of (-1)^k (k-1) L^(k-2) / k!, free of cancellation.
    let sum = 0;
    let power = 0.5;
    for (let k = 2; k < 30; k++) {
      sum += (k - 1) * power;
      power *= -depth / (k + 1);
    }
    return depth + Math.log(sum);
  }
  return depth + Math.log1p(-(1 + depth) * Math.exp(-depth)) - 2 * Math.log(depth);
}

/**
 * ln of the arithmetic mean. Valid under ANY dependence, for the intersection null ("every component null holds"):
 * expectation is linear. `weights` (non-negative, fixed before the data) give the weighted mean.
 */
export function logMeanE(logEs: ArrayLike<number>, weights?: ArrayLike<number>): number {
  checkLogEs(logEs);
  if (weights === undefined) return logSumExp(logEs) - Math.log(logEs.length);
  requireShape(weights.length === logEs.length, 'one weight for each e-value');
  let total = 0;
  const terms: number[] = [];
  for (let i = 0; i < logEs.length; i++) {
    requireDomain(weights[i]! >= 0 && Number.isFinite(weights[i]!), 'weights must be finite and >= 0');
    total += weights[i]!;
    if (weights[i]! > 0) terms.push(logEs[i]! + Math.log(weights[i]!));
  }
  requireDomain(total > 0, 'weights must not all be zero');
  return logSumExp(terms) - Math.log(total);
}

/**
 * ln of the product. Valid ONLY for sequential conditional e-values: each has expectation at most 1 under the null
 * given all that came before it (independent ones, or the same test on disjoint later days whose design depends only
 * on the past). Not valid for two statistics of the same data, and not for a union null. An e-value of 0 makes the
 * product 0, even against Infinity.
 */
export function logProductE(logEs: ArrayLike<number>): number {
  checkLogEs(logEs);
  let sum = 0;
  for (let i = 0; i < logEs.length; i++) {
    if (logEs[i] === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
    sum += logEs[i]!;
  }
  return sum;
}

/**
 * ln of the minimum. Valid for the UNION null "at least one component null holds", so rejecting supports the
 * conjunction of all alternatives: whichever null is true, the minimum is below that component's e-value. Any
 * dependence. The product is not valid for this null.
 */
export function logMinimumE(logEs: ArrayLike<number>): number {
  checkLogEs(logEs);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < logEs.length; i++) least = Math.min(least, logEs[i]!);
  return least;
}

/** ln of the upper bound min(1, 1/e) on the p-value of one e-value (Markov), or of the running maximum of an e-process (Ville). */
export function logVilleBound(logE: number): number {
  requireDomain(!Number.isNaN(logE), 'a log e-value is NaN');
  return Math.min(0, -logE) + 0;
}

/** ln of the level an e-process must reach so that, under the null, P(it ever does) <= alpha (Ville 1939): ln(1/alpha). */
export function logVilleThreshold(alpha: number): number {
  requireDomain(alpha > 0 && alpha <= 1, `alpha must be in (0, 1], not ${alpha}`);
  return -Math.log(alpha);
}

/**
 * An e-process over slots (days): the running product of sequential conditional e-values, 1 before the first.
 *
 * Assumption: each added e-value has expectation at most 1 under the null given every earlier slot. Stopping by any
 * rule keeps expectation at most 1.
 */
export class EProcess {
  #current = 0;
  #running = 0;
  #slots = 0;

  /** Multiplies one slot's e-value in. An e-value of 0 ends the process at 0. @throws PhalanxError `STATS_DOMAIN` on NaN. */
  add(logE: number): void {
    requireDomain(!Number.isNaN(logE), 'a log e-value is NaN');
    this.#slots++;
    this.#current = logProductE([this.#current, logE]);
    this.#running = Math.max(this.#running, this.#current);
  }

  /** Slots added. */
  get slots(): number {
    return this.#slots;
  }

  /** ln of the e-value now: an e-value at any stopping time, fit for e-BH. */
  get logE(): number {
    return this.#current;
  }

  /**
   * ln of the largest value so far, at least 0. NOT FOR e-BH and not an e-value: only Ville's inequality applies to it,
   * P(running maximum >= 1/alpha) <= alpha for this one process (`logVilleBound`). Several processes need an adjuster.
   */
  get logRunningMaximumNotForEbh(): number {
    return this.#running;
  }
}

/**
 * An e-process that forgives a bad start: the mixture over the slot s at which betting begins, with prior weight
 * 1/(s (s + 1)), of the product of the e-values from s on. 1 before the first slot.
 *
 * Each product is an e-process of its own and the weights sum to 1, so the assumption and the guarantee are those of
 * `EProcess`. After t slots the value is at least 1/(t + 1), and at least 1/(s (s + 1)) of the product since any s.
 */
export class LateStartEProcess {
  #slots = 0;
  #running = Number.NEGATIVE_INFINITY;

  /** @throws PhalanxError `STATS_DOMAIN` on NaN. */
  add(logE: number): void {
    requireDomain(!Number.isNaN(logE), 'a log e-value is NaN');
    this.#slots++;
    const starting = -Math.log(this.#slots) - Math.log(this.#slots + 1);
    this.#running = logProductE([logSumExp([this.#running, starting]), logE]);
  }

  /** Slots added. */
  get slots(): number {
    return this.#slots;
  }

  /** ln of the e-value now: an e-value at any stopping time, fit for e-BH. */
  get logE(): number {
    return logSumExp([this.#running, -Math.log(this.#slots + 1)]);
  }
}
