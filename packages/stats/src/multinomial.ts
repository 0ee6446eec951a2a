import { logRisingFactorial } from './special.js';
import { requireDomain, requireShape } from './stats-error.js';

/** Counts of one account over cells: parallel arrays, cells strictly ascending, counts integers >= 0. */
export interface SparseCounts {
  readonly cells: Int32Array;
  readonly counts: Float64Array | Int32Array;
}

function checkSparse(x: SparseCounts, width: number): void {
  requireShape(x.cells.length === x.counts.length, 'cells and counts differ in length');
  for (let i = 0; i < x.cells.length; i++) {
    if (i > 0 && !(x.cells[i]! > x.cells[i - 1]!)) requireShape(false, 'cells must be strictly ascending');
    if (!(x.cells[i]! >= 0 && x.cells[i]! < width))
      requireDomain(false, `cell ${x.cells[i]} is outside the base`);
    if (!(x.counts[i]! >= 0 && Number.isInteger(x.counts[i])))
      requireDomain(false, 'counts must be integers >= 0');
  }
}

/**
 * ln of the Dirichlet-multinomial probability of an ORDERED sequence with these counts, that is WITHOUT the multinomial
 * coefficient n!/prod x_c! (it cancels in every ratio on the same counts):
 * prod over c of (kappa b_c + z_c)^(rising x_c) / (kappa + |z|)^(rising n), z the prior counts (zero when absent).
 *
 * With `prior` it is the posterior predictive ln DM(x2 | x1, kappa b): then `logDM(x1) + logDM(x2, prior x1)` equals
 * `logDM(x1 + x2)`. `base`: probabilities b_c over all cells, `kappa` > 0 the concentration. A cell with base 0 and no
 * prior count gives -Infinity. Error below 1e-12 * max(1, |result|); O(cells of x + cells of prior), about one
 * logarithm an account when counts are small.
 *
 * @throws PhalanxError `STATS_SHAPE` on unsorted or unequal arrays, `STATS_DOMAIN` on bad cells, counts, base or kappa.
 */
export function logDirichletMultinomial(
  x: SparseCounts,
  base: Float64Array,
  kappa: number,
  prior?: SparseCounts,
): number {
  requireDomain(kappa > 0 && kappa < Number.POSITIVE_INFINITY, `kappa must be finite and > 0, not ${kappa}`);
  checkSparse(x, base.length);
  let priorTotal = 0;
  if (prior !== undefined) {
    checkSparse(prior, base.length);
    for (let i = 0; i < prior.counts.length; i++) priorTotal += prior.counts[i]!;
  }
  let log = 0;
  let product = 1;
  let total = 0;
  let at = 0;
  for (let i = 0; i < x.cells.length; i++) {
    const cell = x.cells[i]!;
    const count = x.counts[i]!;
    if (count === 0) continue;
    total += count;
    let alpha = kappa * base[cell]!;
    if (!(alpha >= 0)) requireDomain(false, 'base probabilities must be >= 0');
    if (prior !== undefined) {
      while (at < prior.cells.length && prior.cells[at]! < cell) at++;
      if (at < prior.cells.length && prior.cells[at] === cell) alpha += prior.counts[at]!;
    }
    if (alpha === 0) return Number.NEGATIVE_INFINITY;
    if (count > 16 || alpha > 1e12 || alpha < 1e-100) {
      log += logRisingFactorial(alpha, count);
      continue;
    }
    // Small counts: multiply, and take one logarithm for many cells. One cell adds at most 1e12^16 = 1e192.
    let rising = alpha;
    for (let j = 1; j < count; j++) rising *= alpha + j;
    product *= rising;
    if (product > 1e100 || product < 1e-100) {
      log += Math.log(product);
      product = 1;
    }
  }
  return log + Math.log(product) - logRisingFactorial(kappa + priorTotal, total);
}

/**
 * sum of x_c ln q_c: the multinomial log-likelihood WITHOUT its coefficient. `q`: probabilities over all cells. A cell
 * with q = 0 and x > 0 gives -Infinity.
 */
export function logMultinomialKernel(x: SparseCounts, q: Float64Array): number {
  checkSparse(x, q.length);
  let sum = 0;
  for (let i = 0; i < x.cells.length; i++)
    if (x.counts[i]! > 0) sum += x.counts[i]! * Math.log(q[x.cells[i]!]!);
  return sum;
}

/**
 * ln of the likelihood ratio Mult(x; q) / Mult(x; p) = sum of x_c ln(q_c / p_c); the coefficients cancel exactly. An
 * e-value for H0 "draws from p" when q was fixed without x. NaN is impossible: a cell that both hold impossible counts
 * as p-impossible and q-impossible alike and throws.
 *
 * @throws PhalanxError `STATS_DOMAIN` when a seen cell has probability 0 under both, `STATS_SHAPE` when widths differ.
 */
export function logMultinomialRatio(x: SparseCounts, q: Float64Array, p: Float64Array): number {
  requireShape(q.length === p.length, 'q and p differ in length');
  checkSparse(x, q.length);
  let sum = 0;
  let impossible = 0;
  for (let i = 0; i < x.cells.length; i++) {
    const cell = x.cells[i]!;
    if (x.counts[i] === 0) continue;
    requireDomain(q[cell]! > 0 || p[cell]! > 0, `cell ${cell} is impossible under both`);
    if (q[cell] === 0) impossible = Number.NEGATIVE_INFINITY;
    else if (p[cell] === 0) sum = Number.POSITIVE_INFINITY;
    else sum += x.counts[i]! * Math.log(q[cell]! / p[cell]!);
  }
  return impossible === 0 ? sum : impossible;
}
