import { fitMixtureWeights } from '@phalanx/stats';

/** Fitting stops when no other weights could gain more than this over all rows together, in nats. */
const SLACK = 0.05;

/**
 * Log likelihood of each row under the mixture of kernels that fits all rows best: a null with its weights chosen in its
 * own favour.
 *
 * A null that is not quite at its best would make every e-value too large, the more so the more rows there are. What the
 * fit can be short of the best at most is added, spread over the rows: the sum is at least the best fit's.
 *
 * @param logs natural log likelihoods, row after row of `kernels` values
 * @param rows the rows that take part
 * @returns one value a row; rows that take no part stay 0
 */
export function fitNull(logs: Float64Array, kernels: number, rows: readonly number[]): Float64Array {
  const out = new Float64Array(logs.length / kernels);
  if (rows.length === 0) return out;
  const likelihood = new Float64Array(rows.length * kernels);
  const top = new Float64Array(rows.length);
  rows.forEach((row, i) => {
    const own = logs.subarray(row * kernels, (row + 1) * kernels);
    top[i] = own.reduce((a, b) => Math.max(a, b));
    for (let k = 0; k < kernels; k++) likelihood[i * kernels + k] = Math.exp(own[k]! - top[i]!);
  });
  const { mixture, gap } = fitMixtureWeights(likelihood, kernels, SLACK);
  rows.forEach((row, i) => {
    out[row] = top[i]! + Math.log(mixture[i]!) + gap;
  });
  return out;
}
