import { requireDomain, requireShape } from './stats-error.js';

/**
 * ln of the conformal p-value (1 + #{i : calibration_i >= score}) / (1 + n). Larger scores are stranger; ties count
 * against the claim, so the p-value is valid (P(p <= a) <= a) whenever the score and the calibration scores are
 * exchangeable under the null; it cannot go below 1/(n+1). n = 0 gives p = 1. Source: Vovk, Gammerman and Shafer 2005, equation (2.20).
 *
 * @throws PhalanxError `STATS_DOMAIN` on NaN.
 */
export function logConformalP(score: number, calibration: ArrayLike<number>): number {
  requireDomain(!Number.isNaN(score), 'the score is NaN');
  let atLeast = 1;
  for (let i = 0; i < calibration.length; i++) {
    requireDomain(!Number.isNaN(calibration[i]!), 'a calibration score is NaN');
    if (calibration[i]! >= score) atLeast++;
  }
  return Math.log(atLeast / (calibration.length + 1));
}

/**
 * ln of the weighted conformal p-value (w + sum of w_i over calibration_i >= score) / (w + sum of w_i), `scoreWeight` =
 * w. Valid when the weights are proportional to the true density ratio between the tested and the calibration
 * population (covariate shift); weights estimated from data make it approximate. Source: Tibshirani, Barber, Candes
 * and Ramdas 2019, "Conformal prediction under covariate shift", lemma 3.
 *
 * @throws PhalanxError `STATS_SHAPE` when lengths differ, `STATS_DOMAIN` on NaN, a negative weight or scoreWeight <= 0.
 */
export function logWeightedConformalP(
  score: number,
  scoreWeight: number,
  calibration: ArrayLike<number>,
  weights: ArrayLike<number>,
): number {
  requireShape(weights.length === calibration.length, 'one weight for each calibration score');
  requireDomain(!Number.isNaN(score), 'the score is NaN');
  requireDomain(scoreWeight > 0 && Number.isFinite(scoreWeight), 'scoreWeight must be finite and > 0');
  let atLeast = scoreWeight;
  let below = 0;
  for (let i = 0; i < calibration.length; i++) {
    requireDomain(!Number.isNaN(calibration[i]!), 'a calibration score is NaN');
    requireDomain(weights[i]! >= 0 && Number.isFinite(weights[i]!), 'weights must be finite and >= 0');
    if (calibration[i]! >= score) atLeast += weights[i]!;
    else below += weights[i]!;
  }
  return -Math.log1p(below / atLeast) + 0;
}
