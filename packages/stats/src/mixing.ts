import { logChoose } from './special.js';
import { requireDomain, requireInteger, requireShape } from './stats-error.js';

/** The shares on which a mixing distribution lives: 1e-5, then 45 geometric points from 3e-4 to 0.97. */
export const SHARE_GRID: Float64Array = Float64Array.from({ length: 46 }, (_, i) =>
  i === 0 ? 1e-5 : 3e-4 * (0.97 / 3e-4) ** ((i - 1) / 44),
);

const LOG_SHARE = SHARE_GRID.map((g) => Math.log(g));
const LOG_REST = SHARE_GRID.map((g) => Math.log1p(-g));
const EM_ROUNDS = 60;
const UNIFORM_FLOOR = 0.02;

function checkPairs(x: ArrayLike<number>, n: ArrayLike<number>): void {
  requireShape(x.length === n.length, 'x and n differ in length');
  for (let i = 0; i < x.length; i++) {
    requireInteger(n[i]!, 'n');
    requireInteger(x[i]!, 'x', 0, n[i]!);
  }
}

/** Fills `row` with the binomial kernels g^x (1-g)^(n-x) divided by their maximum; returns ln of that maximum. */
function fillKernels(x: number, n: number, row: Float64Array): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (let g = 0; g < row.length; g++) {
    row[g] = x * LOG_SHARE[g]! + (n - x) * LOG_REST[g]!;
    if (row[g]! > peak) peak = row[g]!;
  }
  for (let g = 0; g < row.length; g++) row[g] = Math.exp(row[g]! - peak);
  return peak;
}

/**
 * Estimates how a component's share is distributed over accounts: the mixing distribution G on `SHARE_GRID` under
 * which x_a ~ Binomial(n_a, share), share ~ G, after 60 EM rounds from uniform, then mixed with 2 % uniform so that no
 * share is impossible. (Kiefer and Wolfowitz 1956; EM: Laird 1978. 60 rounds stop short of the maximum on purpose: the
 * maximum has few atoms.) Returns 46 weights that sum to 1; no accounts gives the uniform. O(accounts * 46 * 60).
 *
 * @throws PhalanxError `STATS_SHAPE` when lengths differ, `STATS_DOMAIN` unless 0 <= x <= n are integers.
 */
export function estimateMixing(x: ArrayLike<number>, n: ArrayLike<number>): Float64Array {
  checkPairs(x, n);
  const width = SHARE_GRID.length;
  // Accounts with the same (x, n) are one row with a multiplicity.
  const rowOf = new Map<string, number>();
  const multiplicity: number[] = [];
  const first: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const key = `${x[i]}/${n[i]}`;
    const row = rowOf.get(key);
    if (row === undefined) {
      rowOf.set(key, multiplicity.length);
      multiplicity.push(1);
      first.push(i);
    } else multiplicity[row]!++;
  }
  const rows = multiplicity.length;
  const kernels = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    fillKernels(x[first[r]!]!, n[first[r]!]!, kernels.subarray(r * width, (r + 1) * width));
  }
  let weights = new Float64Array(width).fill(1 / width);
  for (let round = 0; round < EM_ROUNDS && rows > 0; round++) {
    const next = new Float64Array(width);
    for (let r = 0; r < rows; r++) {
      let total = 0;
      for (let g = 0; g < width; g++) total += weights[g]! * kernels[r * width + g]!;
      const scale = multiplicity[r]! / total;
      for (let g = 0; g < width; g++) next[g]! += weights[g]! * kernels[r * width + g]! * scale;
    }
    for (let g = 0; g < width; g++) next[g]! /= x.length;
    weights = next;
  }
  return weights.map((w) => (1 - UNIFORM_FLOOR) * w + UNIFORM_FLOOR / width);
}

function checkWeights(weights: ArrayLike<number>): void {
  requireShape(
    weights.length === SHARE_GRID.length,
    `a mixing distribution has ${SHARE_GRID.length} weights`,
  );
  let sum = 0;
  for (let g = 0; g < weights.length; g++) {
    requireDomain(weights[g]! >= 0, 'weights must be >= 0');
    sum += weights[g]!;
  }
  requireDomain(Math.abs(sum - 1) < 1e-9, `weights must sum to 1, not ${sum}`);
}

/**
 * ln P(X = x) of n exchanges when the share is drawn from a mixing distribution: ln sum over g of w_g Bin(x; n, g),
 * coefficient included, so it sums to 1 over x.
 *
 * @throws PhalanxError `STATS_SHAPE` / `STATS_DOMAIN` on weights that are not a distribution on `SHARE_GRID` or x > n.
 */
export function logMarginal(x: number, n: number, weights: ArrayLike<number>): number {
  checkWeights(weights);
  checkPairs([x], [n]);
  const row = new Float64Array(SHARE_GRID.length);
  const peak = fillKernels(x, n, row);
  return logChoose(n, x) + peak + Math.log(dot(row, weights));
}

function dot(row: Float64Array, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let g = 0; g < row.length; g++) sum += row[g]! * weights[g]!;
  return sum;
}

/**
 * ln of the e-value against H0 "the members' shares of this component are independent draws from the population's
 * share distribution": prod over members of sum_g pool_g Bin(x; n, g) / sum_g population_g Bin(x; n, g).
 *
 * `pool` is estimated on other members (half A), `population` on other accounts of the same period and plan; neither
 * may use these x. Exact for a known population distribution; with an estimated one, approximate: keep its calibration
 * under test (here: 300 independent pools of 60 accounts against a population of 4,000). Void when members share a
 * customer, an app or an organisation: then they are not independent draws.
 */
export function predictiveShareLogE(
  x: ArrayLike<number>,
  n: ArrayLike<number>,
  pool: ArrayLike<number>,
  population: ArrayLike<number>,
): number {
  checkPairs(x, n);
  checkWeights(pool);
  checkWeights(population);
  const row = new Float64Array(SHARE_GRID.length);
  let logE = 0;
  for (let i = 0; i < x.length; i++) {
    fillKernels(x[i]!, n[i]!, row);
    const below = dot(row, population);
    requireDomain(below > 0, 'the population weights give this account probability 0');
    logE += Math.log(dot(row, pool)) - Math.log(below);
  }
  return logE;
}
