import { log1mexp } from './log-space.js';
import { logBinomialDensity, logNegativeBinomialDensity, logPoissonDensity } from './saddle-point.js';
import { requireDomain, requireInteger, requireProbability } from './stats-error.js';

/**
 * Exact tails of counts, natural logarithm, never NaN, -Infinity only where the event is impossible. Each is a sum of
 * positive terms from the saddle-point density outwards; the side away from the mean is summed and the other taken as
 * its complement, so both sides keep full accuracy. Error of every function: at most 1e-12 * max(1, |result|) for
 * n <= 1e6 and 1e-10 * max(1, |result|) for n <= 1e9 (measured on mpmath vectors down to e^-460000 = 10^-200000). Work:
 * about 10 standard deviations of terms.
 */

/** ln of sum over j from `from` stepping by `step` to `to`, given the log of the first term and the ratio of next to current. */
function sumTail(
  logFirst: number,
  from: number,
  to: number,
  step: 1 | -1,
  ratio: (j: number) => number,
  decreasing: boolean,
): number {
  if (logFirst === Number.NEGATIVE_INFINITY && decreasing) return logFirst;
  let scale = logFirst;
  let sum = 1;
  let term = 1;
  for (let j = from; j !== to; j += step) {
    const r = ratio(j);
    term *= r;
    sum += term;
    // With falling ratios the rest is at most term * r / (1 - r).
    if (decreasing && r < 1 && term * r < sum * (1 - r) * 1e-17) break;
    if (sum > 1e250) {
      sum *= 1e-250;
      term *= 1e-250;
      scale += 250 * Math.LN10;
    }
  }
  return Math.min(0, scale + Math.log(sum));
}

function checkBinomial(k: number, n: number, p: number): void {
  requireInteger(k, 'k', Number.MIN_SAFE_INTEGER);
  requireInteger(n, 'n');
  requireProbability(p, 'p');
}

/**
 * ln P(X >= k), X binomial(n, p). k may be any integer; p in [0, 1].
 *
 * @throws PhalanxError `STATS_DOMAIN` on a non-integer count or p outside [0, 1].
 */
export function logBinomialUpperTail(k: number, n: number, p: number): number {
  checkBinomial(k, n, p);
  if (k <= 0) return 0;
  if (k > n || p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return 0;
  return k > n * p ? binomialAbove(k, n, p) : log1mexp(binomialBelow(k - 1, n, p));
}

/** ln P(X <= k), X binomial(n, p). As `logBinomialUpperTail`. */
export function logBinomialLowerTail(k: number, n: number, p: number): number {
  checkBinomial(k, n, p);
  if (k >= n) return 0;
  if (k < 0 || p === 1) return Number.NEGATIVE_INFINITY;
  if (p === 0) return 0;
  return k < n * p ? binomialBelow(k, n, p) : log1mexp(binomialAbove(k + 1, n, p));
}

function binomialAbove(k: number, n: number, p: number): number {
  const odds = p / (1 - p);
  return sumTail(logBinomialDensity(k, n, p), k, n, 1, (j) => ((n - j) / (j + 1)) * odds, true);
}

function binomialBelow(k: number, n: number, p: number): number {
  const odds = (1 - p) / p;
  return sumTail(logBinomialDensity(k, n, p), k, 0, -1, (j) => (j / (n - j + 1)) * odds, true);
}

/**
 * ln P(X >= k), X Poisson with mean `rate` >= 0.
 *
 * @throws PhalanxError `STATS_DOMAIN` on a non-integer k or a rate that is negative or not finite.
 */
export function logPoissonUpperTail(k: number, rate: number): number {
  checkPoisson(k, rate);
  if (k <= 0) return 0;
  if (rate === 0) return Number.NEGATIVE_INFINITY;
  return k > rate ? poissonAbove(k, rate) : log1mexp(poissonBelow(k - 1, rate));
}

/** ln P(X <= k), X Poisson with mean `rate` >= 0. As `logPoissonUpperTail`. */
export function logPoissonLowerTail(k: number, rate: number): number {
  checkPoisson(k, rate);
  if (k < 0) return Number.NEGATIVE_INFINITY;
  if (rate === 0) return 0;
  return k < rate ? poissonBelow(k, rate) : log1mexp(poissonAbove(k + 1, rate));
}

function checkPoisson(k: number, rate: number): void {
  requireInteger(k, 'k', Number.MIN_SAFE_INTEGER);
  requireDomain(rate >= 0 && rate < Number.POSITIVE_INFINITY, `rate must be finite and >= 0, not ${rate}`);
}

function poissonAbove(k: number, rate: number): number {
  return sumTail(logPoissonDensity(k, rate), k, Number.POSITIVE_INFINITY, 1, (j) => rate / (j + 1), true);
}

function poissonBelow(k: number, rate: number): number {
  return sumTail(logPoissonDensity(k, rate), k, 0, -1, (j) => j / rate, true);
}

/**
 * ln P(X >= k), X the marked items among `draws` drawn without replacement from `population` items of which `marked`
 * are marked (Fisher's exact test, one side).
 *
 * @throws PhalanxError `STATS_DOMAIN` unless 0 <= marked, draws <= population are integers.
 */
export function logHypergeometricUpperTail(
  k: number,
  population: number,
  marked: number,
  draws: number,
): number {
  const { low, high } = hypergeometricSupport(k, population, marked, draws);
  if (k <= low) return 0;
  if (k > high) return Number.NEGATIVE_INFINITY;
  return k > (draws * marked) / population
    ? hypergeometricTail(k, population, marked, draws, high, 1)
    : log1mexp(hypergeometricTail(k - 1, population, marked, draws, low, -1));
}

/** ln P(X <= k) of the same distribution. As `logHypergeometricUpperTail`. */
export function logHypergeometricLowerTail(
  k: number,
  population: number,
  marked: number,
  draws: number,
): number {
  const { low, high } = hypergeometricSupport(k, population, marked, draws);
  if (k >= high) return 0;
  if (k < low) return Number.NEGATIVE_INFINITY;
  return k < (draws * marked) / population
    ? hypergeometricTail(k, population, marked, draws, low, -1)
    : log1mexp(hypergeometricTail(k + 1, population, marked, draws, high, 1));
}

function hypergeometricSupport(k: number, population: number, marked: number, draws: number) {
  requireInteger(k, 'k', Number.MIN_SAFE_INTEGER);
  requireInteger(population, 'population');
  requireInteger(marked, 'marked', 0, population);
  requireInteger(draws, 'draws', 0, population);
  return { low: Math.max(0, draws + marked - population), high: Math.min(draws, marked) };
}

/** Sums from k outwards. The density is Loader's quotient of three binomial densities at p = draws / population. */
function hypergeometricTail(
  k: number,
  population: number,
  marked: number,
  draws: number,
  to: number,
  step: 1 | -1,
): number {
  const p = draws / population;
  const q = (population - draws) / population;
  const rest = population - marked;
  const logDensity =
    logBinomialDensity(k, marked, p, q) +
    logBinomialDensity(draws - k, rest, p, q) -
    logBinomialDensity(draws, population, p, q);
  const up = (j: number) => ((marked - j) / (j + 1)) * ((draws - j) / (rest - draws + j + 1));
  return sumTail(logDensity, k, to, step, step === 1 ? up : (j) => 1 / up(j - 1), true);
}

/**
 * ln P(X >= k), X beta-binomial: binomial(n, P) with P drawn from Beta(a, b); a, b > 0. The distribution may
 * be U-shaped, so both sides are summed when needed; O(n) terms when a or b is below 1.
 *
 * @throws PhalanxError `STATS_DOMAIN` on a non-integer count or a, b not finite and positive.
 */
export function logBetaBinomialUpperTail(k: number, n: number, a: number, b: number): number {
  checkBetaBinomial(k, n, a, b);
  if (k <= 0) return 0;
  if (k > n) return Number.NEGATIVE_INFINITY;
  return smallerSide(betaBinomialTail(k, n, a, b), () => betaBinomialTail(n - k + 1, n, b, a));
}

/** ln P(X <= k) of the same distribution. As `logBetaBinomialUpperTail`. */
export function logBetaBinomialLowerTail(k: number, n: number, a: number, b: number): number {
  checkBetaBinomial(k, n, a, b);
  if (k >= n) return 0;
  if (k < 0) return Number.NEGATIVE_INFINITY;
  return smallerSide(betaBinomialTail(n - k, n, b, a), () => betaBinomialTail(k + 1, n, a, b));
}

function checkBetaBinomial(k: number, n: number, a: number, b: number): void {
  requireInteger(k, 'k', Number.MIN_SAFE_INTEGER);
  requireInteger(n, 'n');
  requireDomain(a > 0 && b > 0 && Number.isFinite(a + b), `a and b must be finite and > 0, not ${a}, ${b}`);
}

/** A tail above 1/2 starts far from the mass and gathers rounding (5e-12 measured); its complement does not. */
function smallerSide(logTail: number, complement: () => number): number {
  return logTail > -Math.LN2 ? log1mexp(complement()) : logTail;
}

function betaBinomialTail(k: number, n: number, a: number, b: number): number {
  // Quotient of negative binomial densities, any p: at p = n / (n + a + b) none of them is small.
  const p = n / (n + a + b);
  const q = (a + b) / (n + a + b);
  const logDensity =
    logNegativeBinomialDensity(k, a, p, q) +
    logNegativeBinomialDensity(n - k, b, p, q) -
    logNegativeBinomialDensity(n, a + b, p, q);
  const ratio = (j: number) => ((n - j) / (j + 1)) * ((a + j) / (n - j - 1 + b));
  // Log-concave (falling ratios) when a, b >= 1; otherwise every term is visited.
  return sumTail(logDensity, k, n, 1, ratio, a >= 1 && b >= 1);
}
