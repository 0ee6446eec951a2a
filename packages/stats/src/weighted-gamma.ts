import { logIncompleteGamma } from './incomplete.js';
import { logPoissonDensity } from './saddle-point.js';
import { requireDomain } from './stats-error.js';

const MAX_TERMS = 200_000_000;
const HUGE = 1e100;

/** A gamma variable: mean `shape * scale`. */
export interface GammaPart {
  readonly shape: number;
  readonly scale: number;
}

/**
 * ln P(X >= x) for the sum of two independent gamma variables of different scales: no gamma itself, and a gamma of the
 * same mean and variance has too light a tail. The one of larger scale is a negative binomial mixture of gammas of the
 * smaller scale (Moschopoulos 1985), so the tail is a sum of positive terms, NB(k; shape, small/large) *
 * Q(sum of shapes + k, x/small): nothing cancels. Error at most 1e-11 * max(1, |result|) for shapes up to 1e5
 * (conformance suite `watermark-statistics`, against mpmath). Work: at most about x / (smaller scale) terms.
 *
 * @throws PhalanxError `STATS_DOMAIN` unless shapes are >= 1, scales positive, both finite, and x >= 0, or beyond 2e8 terms.
 */
export function logTwoGammaUpperTail(x: number, a: GammaPart, b: GammaPart): number {
  for (const { shape, scale } of [a, b])
    requireDomain(
      shape >= 1 && scale > 0 && Number.isFinite(shape) && Number.isFinite(scale),
      `a gamma part needs a finite shape >= 1 and scale > 0, not ${shape}, ${scale}`,
    );
  requireDomain(x >= 0, `x must be >= 0, not ${x}`);
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  const [small, large] = a.scale <= b.scale ? [a, b] : [b, a];
  const y = x / small.scale;
  const shape = small.shape + large.shape;
  const fail = (large.scale - small.scale) / large.scale;
  const logFirstQ = logIncompleteGamma(shape, y).logUpper;
  if (fail === 0 || y === 0) return logFirstQ;
  requireDomain(y + (large.shape * fail) / (1 - fail) < MAX_TERMS, 'the scales differ too much for this x');

  // Weight of the mixture, Q and its step, each relative to a logarithm that takes what would leave the range of doubles.
  let logWeightUnit = -large.shape * Math.log(large.scale / small.scale);
  let logQUnit = logFirstQ;
  let weight = 1;
  let q = 1;
  let step = Math.exp(logPoissonDensity(shape, y) - logFirstQ);
  let total = 0;
  for (let k = 0; ; k++) {
    const term = weight * q;
    total += term;
    weight *= ((large.shape + k) / (k + 1)) * fail;
    q += step;
    step *= y / (shape + k + 1);
    // Both factors are log-concave in k, so the ratio of terms falls and what is left is at most a geometric series.
    const ratio = (weight * q) / term;
    if (ratio < 1 && weight * q < total * 1e-17 * (1 - ratio)) break;
    if (weight > HUGE || weight < 1 / HUGE) {
      logWeightUnit += Math.log(weight);
      total /= weight;
      weight = 1;
    }
    if (q > HUGE) {
      logQUnit += Math.log(q);
      total /= q;
      step /= q;
      q = 1;
    }
  }
  return Math.min(0, logWeightUnit + logQUnit + Math.log(total));
}
