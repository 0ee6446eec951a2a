import { LOG_SQRT_2PI, logGamma, stirlingError } from './special.js';

/**
 * Deviance part x ln(x/m) + m - x for x > 0, m > 0, without cancellation near x = m (Loader 2000, "Fast and accurate
 * computation of binomial probabilities", function bd0).
 */
export function saddlePointDeviance(x: number, m: number): number {
  const difference = x - m;
  if (Math.abs(difference) < 0.1 * (x + m)) {
    const v = difference / (x + m);
    let sum = difference * v;
    let term = 2 * x * v;
    for (let j = 1; j < 1000; j++) {
      term *= v * v;
      const next = sum + term / (2 * j + 1);
      if (next === sum) return next;
      sum = next;
    }
  }
  return x * (Math.log(x) - Math.log(m)) + m - x;
}

/**
 * ln of the binomial probability C(n, x) p^x (1-p)^(n-x), for real 0 <= x <= n and p in [0, 1]; -Infinity when it is
 * zero. Error below 1e-13 * max(1, |result|) for n <= 1e9, checked through the tails against mpmath. Loader's saddle
 * point form: no difference of large logGammas.
 */
export function logBinomialDensity(x: number, n: number, p: number, q: number = 1 - p): number {
  return logBinomialSplit(x, n - x, p, q);
}

/** The same from x successes and y failures, for real x and y whose sum would round one of them away. */
export function logBinomialSplit(x: number, y: number, p: number, q: number): number {
  const n = x + y;
  if (x < 0 || y < 0) return Number.NEGATIVE_INFINITY;
  if (p === 0) return x === 0 ? 0 : Number.NEGATIVE_INFINITY;
  if (q === 0) return y === 0 ? 0 : Number.NEGATIVE_INFINITY;
  if (x === 0) return n * (p <= 0.5 ? Math.log1p(-p) : Math.log(q));
  if (y === 0) return n * (q <= 0.5 ? Math.log1p(-q) : Math.log(p));
  const corrections = stirlingError(n) - stirlingError(x) - stirlingError(y);
  const deviances = saddlePointDeviance(x, n * p) + saddlePointDeviance(y, n * q);
  return corrections - deviances - LOG_SQRT_2PI - 0.5 * (Math.log(x) + Math.log(y / n));
}

/** ln of the negative binomial weight Gamma(k + a) / (Gamma(a) k!) p^k q^a, k >= 0, a > 0, p + q = 1. */
export function logNegativeBinomialDensity(k: number, a: number, p: number, q: number): number {
  if (k === 0) return a * (p <= 0.5 ? Math.log1p(-p) : Math.log(q));
  return logBinomialSplit(a, k, q, p) + Math.log(a / (a + k));
}

/** ln of the Poisson probability e^-rate rate^x / x!, for real x >= 0 and rate >= 0. Error as `logBinomialDensity`. */
export function logPoissonDensity(x: number, rate: number): number {
  if (x < 0) return Number.NEGATIVE_INFINITY;
  if (rate === 0) return x === 0 ? 0 : Number.NEGATIVE_INFINITY;
  if (x === 0) return -rate;
  if (x < 1) return x * Math.log(rate) - rate - logGamma(x + 1);
  return -stirlingError(x) - saddlePointDeviance(x, rate) - LOG_SQRT_2PI - 0.5 * Math.log(x);
}
