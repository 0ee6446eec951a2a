import { log1mexp } from './log-space.js';
import { logBinomialDensity, logPoissonDensity } from './saddle-point.js';
import { requireDomain } from './stats-error.js';

/** Both sides of a distribution function, natural logarithms: `logLower` = ln P(X <= x), `logUpper` = ln P(X > x). */
export interface LogTails {
  readonly logLower: number;
  readonly logUpper: number;
}

const TINY = 1e-300;
const MAX_TERMS = 1_000_000;

/**
 * ln of the regularised incomplete gamma functions P(a, x) and Q(a, x), a > 0, x >= 0. The smaller side is computed
 * directly (series below a + 1, Legendre's continued fraction above) and the other as its complement, so both keep
 * their accuracy: error below 1e-12 * max(1, |result|) for a <= 1e6 (mpmath vectors). P(T, s) is the lower tail of a
 * sum of T unit exponentials.
 */
export function logIncompleteGamma(a: number, x: number): LogTails {
  requireDomain(
    a > 0 && a < Number.POSITIVE_INFINITY && x >= 0,
    `incomplete gamma needs a > 0, x >= 0, not ${a}, ${x}`,
  );
  if (x === 0) return { logLower: Number.NEGATIVE_INFINITY, logUpper: 0 };
  if (x === Number.POSITIVE_INFINITY) return { logLower: 0, logUpper: Number.NEGATIVE_INFINITY };
  const density = logPoissonDensity(a, x);
  if (x < a + 1) {
    let term = 1;
    let sum = 1;
    for (let n = 1; n < MAX_TERMS; n++) {
      term *= x / (a + n);
      sum += term;
      if (term < sum * 1e-17) break;
    }
    const logLower = Math.min(0, density + Math.log(sum));
    return { logLower, logUpper: log1mexp(logLower) };
  }
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < MAX_TERMS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  const logUpper = Math.min(0, density + Math.log(a) + Math.log(h));
  return { logLower: log1mexp(logUpper), logUpper };
}

/**
 * ln of the regularised incomplete beta function I_x(a, b) (`logLower`) and of 1 - I_x(a, b) (`logUpper`), a, b > 0, x
 * in [0, 1]. The side away from the mean is computed by Lentz's continued fraction (DLMF 8.17.22), the other as its
 * complement. Error below 1e-12 * max(1, |result|) for a, b <= 1e6 (mpmath vectors).
 */
export function logIncompleteBeta(a: number, b: number, x: number): LogTails {
  requireDomain(
    a > 0 && b > 0 && Number.isFinite(a + b),
    `incomplete beta needs finite a, b > 0, not ${a}, ${b}`,
  );
  requireDomain(x >= 0 && x <= 1, `incomplete beta needs x in [0, 1], not ${x}`);
  if (x === 0) return { logLower: Number.NEGATIVE_INFINITY, logUpper: 0 };
  if (x === 1) return { logLower: 0, logUpper: Number.NEGATIVE_INFINITY };
  // x^a (1-x)^b / B(a,b) = [ab/(a+b)] * binomial density at a of a + b.
  const logFront = logBinomialDensity(a, a + b, x) + Math.log(a) + Math.log(b) - Math.log(a + b);
  if (x < (a + 1) / (a + b + 2)) {
    const logLower = Math.min(0, logFront + Math.log(betaFraction(a, b, x)) - Math.log(a));
    return { logLower, logUpper: log1mexp(logLower) };
  }
  const logUpper = Math.min(0, logFront + Math.log(betaFraction(b, a, 1 - x)) - Math.log(b));
  return { logLower: log1mexp(logUpper), logUpper };
}

function betaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < MAX_TERMS; m++) {
    const m2 = 2 * m;
    const even = (m * (b - m) * x) / ((a + m2 - 1) * (a + m2));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + m2) * (a + m2 + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return h;
}

function nonZero(x: number): number {
  return Math.abs(x) < TINY ? TINY : x;
}
