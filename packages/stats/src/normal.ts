/**
 * Continued fraction of Laplace for e^(x^2) sqrt(pi) erfc(x), x >= 1, by the modified Lentz method: 1/(x + (1/2)/(x +
 * 1/(x + (3/2)/(x + ...)))).
 */
function erfcFraction(x: number): number {
  let f = x;
  let c = x;
  let d = 0;
  for (let j = 1; j < 2000; j++) {
    const a = j / 2;
    d = 1 / (x + a * d);
    c = x + a / c;
    const delta = c * d;
    f *= delta;
    if (Math.abs(delta - 1) < 1e-16) break;
  }
  return 1 / f;
}

/** erf for |x| < 1 by the all-positive series 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1)/(2n+1)!! . */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
    if (Math.abs(term) < 1e-17 * Math.abs(sum)) break;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const LOG_SQRT_PI = 0.5 * Math.log(Math.PI);

/** ln erfc(x), any finite x. Absolute error below 1e-14 * max(1, |result|) (mpmath vectors). Never underflows. */
export function logErfc(x: number): number {
  if (x < -1) return Math.LN2 + Math.log1p(-0.5 * Math.exp(logErfc(-x)));
  if (x < 1) return Math.log1p(-erfSeries(x));
  return Math.log(erfcFraction(x)) - x * x - LOG_SQRT_PI;
}

/**
 * Complementary error function. Relative error below 1e-13 until it underflows near x = 26.6 (mpmath vectors); past
 * that use `logErfc`.
 */
export function erfc(x: number): number {
  if (Math.abs(x) < 1) return 1 - erfSeries(x);
  if (x < 0) return 2 - erfc(-x);
  return (erfcFraction(x) * Math.exp(-x * x)) / Math.sqrt(Math.PI);
}

/** ln P(Z >= z) of a standard normal. Error as `logErfc`. z = 1000 gives about -500007.8, not -Infinity. */
export function logNormalUpperTail(z: number): number {
  return logErfc(z / Math.SQRT2) - Math.LN2;
}
