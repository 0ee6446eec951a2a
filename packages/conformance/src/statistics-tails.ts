import {
  logBinomialUpperTail,
  logIncompleteGamma,
  logTwoGammaUpperTail,
  logWeightedBinomialUpperTail,
  Random,
} from '@phalanx/stats';
import { testMark } from '@phalanx/watermark';
import type { Checks } from './checks.js';
import type { Python } from './python.js';

const CASES = 150;
/** What the package states of both tails. */
const STATED = 1e-11;
/** scipy's own error in the vectors. */
const VECTOR_ERROR = 1e-12;

/** One entry of `pvalues_scipy.json`. */
type ScipyTail =
  | {
      readonly kind: 'binom_sf_ge';
      readonly n: number;
      readonly k: number;
      readonly p: number;
      readonly log: number;
    }
  | { readonly kind: 'gamma_sf'; readonly n: number; readonly s: number; readonly log: number };

/** Each published p-value by the tail function, and by `testMark` on values that have that sum or count. */
export function checkScipyTails(checks: Checks, vectors: readonly ScipyTail[]): void {
  for (const vector of vectors) {
    const { direct, marked, what } = evaluate(vector);
    const near = (found: number) => Math.abs(found - vector.log) <= VECTOR_ERROR * Math.max(1, -vector.log);
    checks.check(`${what}: tail`, near(direct), () => `${direct}, expected ${vector.log}`);
    // A sum put together from u = 1 - e^(-s/n) loses some digits before the test sees it.
    const room = 1e-9 * Math.max(1, -vector.log);
    checks.check(`${what}: testMark`, Math.abs(marked - vector.log) <= room, () => String(marked));
  }
}

function evaluate(vector: ScipyTail) {
  const { n } = vector;
  if (vector.kind === 'gamma_sf') {
    const values = new Float64Array(n).fill(-Math.expm1(-vector.s / n));
    return {
      what: `gamma ${n}, ${vector.s}`,
      direct: logIncompleteGamma(n, vector.s).logUpper,
      marked: testMark({ kind: 'uniform', streams: 1 }, values).logP,
    };
  }
  const values = Float64Array.from({ length: n }, (_, i) => (i < vector.k ? 1 : 0));
  return {
    what: `binomial ${n}, ${vector.k}, ${vector.p}`,
    direct: logBinomialUpperTail(vector.k, n, vector.p),
    marked: testMark({ kind: 'green', gamma: vector.p }, values).logP,
  };
}

/** Random weighted binomials against exact integers, and pairs of gammas against partial fractions at hundreds of digits. */
export async function judgeWeightedTails(checks: Checks, python: Python): Promise<void> {
  const random = new Random(404);
  const binomial = Array.from({ length: CASES }, () => {
    const weights = Array.from({ length: 1 + random.integer(6) }, () => 1 + random.integer(12));
    const count = 1 + random.integer(random.bernoulli(0.2) ? 100 : 30);
    const denominator = 2 + random.integer(9);
    const top = weights.reduce((a, b) => a + b, 0) * count;
    return [
      weights,
      count,
      1 + random.integer(denominator - 1),
      denominator,
      1 + random.integer(top),
    ] as const;
  });
  const gamma = Array.from({ length: CASES }, () => {
    const [n, m] = [1 + random.integer(90), 1 + random.integer(90)];
    const share = Math.max(0.01, Math.round(random.uniform() * 49) / 100);
    return [(n * (1 - share) + m * share) * (0.3 + 2.5 * random.uniform()), n, 1 - share, m, share] as const;
  });
  const answer: { binomial: string[]; gamma: string[] } = JSON.parse(
    await python.run('watermark-statistics.py', [], JSON.stringify({ binomial, gamma })),
  );
  compare(
    checks,
    'weighted binomials against exact integers',
    answer.binomial,
    binomial.map(([weights, count, a, b, at]) => logWeightedBinomialUpperTail(at, weights, count, a / b)),
  );
  compare(
    checks,
    'two gammas against partial fractions',
    answer.gamma,
    gamma.map(([x, n, a, m, b]) => logTwoGammaUpperTail(x, { shape: n, scale: a }, { shape: m, scale: b })),
  );
}

function compare(checks: Checks, what: string, exact: readonly string[], found: readonly number[]): void {
  let worst = 0;
  let deepest = 0;
  let which = '';
  for (const [i, text] of exact.entries()) {
    const error = Math.abs(found[i]! - Number(text)) / Math.max(1, Math.abs(Number(text)));
    deepest = Math.min(deepest, Number(text));
    if (!(error <= worst)) {
      worst = error;
      which = `${found[i]}, exact ${text}`;
    }
  }
  checks.check(what, worst <= STATED, () => which);
  checks.note(
    `${what}: ${exact.length} cases down to e^${deepest.toFixed(0)}, error at most ${worst.toExponential(1)} of max(1, |ln P|)`,
  );
}
