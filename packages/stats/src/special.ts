import { requireDomain } from './stats-error.js';

/** ln sqrt(2 pi). */
export const LOG_SQRT_2PI = 0.9189385332046727;
const ONE_MINUS_EULER = 0.42278433509846713;

/** zeta(k) - 1 for k = 2, 3, ... ; the last term used is below 1e-26 at |z| = 1/2. */
const ZETA_MINUS_ONE = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853,
  0.0004941886041194645, 0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-5,
  3.058823630702049e-5, 1.528225940865187e-5, 7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6,
  9.539620338727962e-7, 4.769329867878064e-7, 2.38450502727733e-7, 1.1921992596531106e-7,
  5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8, 7.45071178983543e-9,
  3.725334024788457e-9, 1.862659723513049e-9,
];

/** ln Gamma(2 + z) for |z| <= 1/2: z(1 - gamma) + sum (-z)^k (zeta(k) - 1)/k (Abramowitz and Stegun 6.1.33). */
function logGammaNearTwo(z: number): number {
  let sum = 0;
  for (let i = ZETA_MINUS_ONE.length - 1; i >= 0; i--) sum = ZETA_MINUS_ONE[i]! / (i + 2) - z * sum;
  return z * (ONE_MINUS_EULER + z * sum);
}

/**
 * ln Gamma(x) for finite x > 0. Relative error at most 1e-13 (measured below 1e-15 over the mpmath vectors from
 * 1e-300 to 1e15, including the neighbourhoods of the zeros at 1 and 2).
 *
 * @throws PhalanxError `STATS_DOMAIN` unless x is finite and positive.
 */
export function logGamma(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY))
    requireDomain(false, `logGamma needs a finite x > 0, not ${x}`);
  if (x >= 10) return (x - 0.5) * Math.log(x) - x + LOG_SQRT_2PI + stirlingSeries(x);
  if (x < 0.5) return logGammaNearTwo(x) - Math.log1p(x) - Math.log(x);
  if (x < 1.5) return logGammaNearTwo(x - 1) - Math.log1p(x - 1);
  let product = 1;
  while (x > 2.5) {
    x -= 1;
    product *= x;
  }
  return logGammaNearTwo(x - 2) + Math.log(product);
}

/** Stirling's series B_2k / (2k(2k-1) x^(2k-1)), truncation below 2e-17 for x >= 10. */
function stirlingSeries(x: number): number {
  const r = 1 / (x * x);
  return (
    (1 / 12 +
      r *
        (-1 / 360 +
          r * (1 / 1260 + r * (-1 / 1680 + r * (1 / 1188 + r * (-691 / 360360 + r * (1 / 156))))))) /
    x
  );
}

/**
 * ln Gamma(x) - [(x - 1/2) ln x - x + ln sqrt(2 pi)], the error of Stirling's formula, for finite x > 0. Absolute
 * error below 2e-14 for x < 10, relative error below 1e-15 above (mpmath vectors).
 */
export function stirlingError(x: number): number {
  if (x >= 10) return stirlingSeries(x);
  return logGamma(x) - ((x - 0.5) * Math.log(x) - x + LOG_SQRT_2PI);
}

/**
 * ln B(a, b) for finite a, b > 0. Relative error at most 1e-13 where |ln B| >= 1e-2, absolute 1e-14 otherwise (mpmath
 * vectors up to 1e12); large arguments go through Stirling corrections, so nothing large cancels.
 *
 * @throws PhalanxError `STATS_DOMAIN` unless both are finite and positive.
 */
export function logBeta(a: number, b: number): number {
  const p = Math.min(a, b);
  const q = Math.max(a, b);
  if (q < 10) return logGamma(p) + logGamma(q) - logGamma(p + q);
  const corrections = stirlingError(q) - stirlingError(p + q);
  if (p < 10)
    return logGamma(p) + corrections + p - p * Math.log(p + q) + (q - 0.5) * Math.log1p(-p / (p + q));
  return (
    LOG_SQRT_2PI -
    0.5 * Math.log(q) +
    stirlingError(p) +
    corrections +
    (p - 0.5) * Math.log(p / (p + q)) +
    q * Math.log1p(-p / (p + q))
  );
}

/** ln C(n, k) for integers 0 <= k <= n; -Infinity outside. Accuracy of `logBeta`. */
export function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return Number.NEGATIVE_INFINITY;
  if (k === 0 || k === n) return 0;
  return -Math.log(n + 1) - logBeta(k + 1, n - k + 1);
}

/**
 * ln [Gamma(a + n) / Gamma(a)] for a > 0 and n >= 0, the log of the rising factorial a(a+1)...(a+n-1) when n is an
 * integer. Relative error at most 1e-13 where |result| >= 1e-2, absolute 1e-14 otherwise: a product up to n = 16, a
 * Stirling difference (no cancellation) beyond.
 */
export function logRisingFactorial(a: number, n: number): number {
  if (!(a > 0 && n >= 0 && n < Number.POSITIVE_INFINITY))
    requireDomain(false, `logRisingFactorial needs a > 0 and n >= 0, not ${a}, ${n}`);
  if (n <= 16 && Number.isInteger(n) && a < 1e18) {
    let product = 1;
    for (let i = 0; i < n; i++) product *= a + i;
    return Math.log(product);
  }
  if (a < 10) return logGamma(a + n) - logGamma(a);
  return (
    (a + n - 0.5) * Math.log1p(n / a) + n * (Math.log(a) - 1) + stirlingSeries(a + n) - stirlingSeries(a)
  );
}
