const ROUNDS = 100;
/** Fitting stops when no other weights could gain more than this over all rows together, in nats. */
const SLACK = 0.05;

/**
 * Log likelihood of each row under the mixture of kernels that fits all rows best: a null with its weights chosen in its
 * own favour.
 *
 * EM stops early, and a null that is not quite at its best would make every e-value too large, the more so the more rows
 * there are. The log likelihood is concave in the weights, so no weights can beat the current ones by more than
 * n ln(max over kernels of the mean of p_k / mixture); that gap is added, spread over the rows. The sum is therefore at
 * least the best fit's, after any number of rounds.
 *
 * @param logs natural log likelihoods, row after row of `kernels` values
 * @param rows the rows that take part
 * @returns one value a row; rows that take no part stay 0
 */
export function fitNull(logs: Float64Array, kernels: number, rows: readonly number[]): Float64Array {
  const out = new Float64Array(logs.length / kernels);
  const n = rows.length;
  if (n === 0) return out;
  const likelihood = new Float64Array(n * kernels);
  const top = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const at = rows[i]! * kernels;
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < kernels; k++) max = Math.max(max, logs[at + k]!);
    top[i] = max;
    for (let k = 0; k < kernels; k++) likelihood[i * kernels + k] = Math.exp(logs[at + k]! - max);
  }
  const weight = new Float64Array(kernels).fill(1 / kernels);
  const mixture = new Float64Array(n);
  let gap = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const ratio = new Float64Array(kernels);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let k = 0; k < kernels; k++) sum += weight[k]! * likelihood[i * kernels + k]!;
      mixture[i] = sum;
      for (let k = 0; k < kernels; k++) ratio[k]! += likelihood[i * kernels + k]! / sum;
    }
    gap = Math.log(ratio.reduce((a, b) => Math.max(a, b)) / n);
    if (gap * n < SLACK) break;
    for (let k = 0; k < kernels; k++) weight[k]! *= ratio[k]! / n;
  }
  for (let i = 0; i < n; i++) out[rows[i]!] = top[i]! + Math.log(mixture[i]!) + gap;
  return out;
}
