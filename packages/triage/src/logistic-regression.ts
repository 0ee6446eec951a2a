import type { Random } from '@phalanx/stats';
import type { SparseVector } from './gram-vector.js';

/** A fitted separator: the logit of a vector is `bias` + weights . vector. */
export interface LinearModel {
  readonly weights: Float32Array;
  readonly bias: number;
}

/** Passes over the texts; the duals move by less than the tolerance long before on separable texts. */
const MAX_PASSES = 200;
const TOLERANCE = 1e-4;
const NEWTON_STEPS = 30;

/**
 * Fits an L2-regularised logistic regression by dual coordinate descent. Minimises |w|^2 / 2 + sum of C_i ln(1 + exp(-y_i
 * w.x_i)); the bias is a further feature of value 1, and penalised like the others. Both classes weigh the same in
 * sum: C_i = cost n / (2 n_class). The order of each pass is drawn from `random`, so equal inputs give equal bits.
 *
 * Source: Yu, Huang and Lin 2011, "Dual coordinate descent methods for logistic regression and maximum entropy models",
 * Machine Learning 85, with the one-variable problem solved in ln(a / (C - a)), where it has no border.
 * Checked by a test against gradients of the primal at the optimum.
 *
 * `dimension`: indices are below it. `positive[i]`: class of vector i; both classes must occur. `cost` > 0.
 */
export function fitLogistic(
  vectors: readonly SparseVector[],
  positive: readonly boolean[],
  dimension: number,
  cost: number,
  random: Random,
): LinearModel {
  const n = vectors.length;
  const positives = positive.filter(Boolean).length;
  const weights = new Float64Array(dimension);
  let bias = 0;
  const logits = new Float64Array(n);
  const squares = vectors.map(({ values }) => values.reduce((sum, value) => sum + value * value, 1));
  const limits = positive.map((is) => (cost * n) / (2 * (is ? positives : n - positives)));
  const move = (i: number, by: number) => {
    const { indices, values } = vectors[i]!;
    for (let j = 0; j < indices.length; j++) weights[indices[j]!]! += by * values[j]!;
    bias += by;
  };
  // A dual of 0 has an infinite logit: start where the loss of a text at the border would put it.
  const START = -5;
  for (let i = 0; i < n; i++) {
    logits[i] = START;
    move(i, (positive[i] ? 1 : -1) * limits[i]! * sigmoid(START));
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    for (let i = n - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    let largest = 0;
    for (const i of order) {
      const sign = positive[i] ? 1 : -1;
      const { indices, values } = vectors[i]!;
      let margin = bias;
      for (let j = 0; j < indices.length; j++) margin += weights[indices[j]!]! * values[j]!;
      const before = limits[i]! * sigmoid(logits[i]!);
      logits[i] = solveLogit(logits[i]!, squares[i]! * limits[i]!, sign * margin - squares[i]! * before);
      const by = limits[i]! * sigmoid(logits[i]!) - before;
      move(i, sign * by);
      largest = Math.max(largest, Math.abs(by) / limits[i]!);
    }
    if (largest < TOLERANCE) break;
  }
  return { weights: Float32Array.from(weights), bias };
}

/** The logit of a vector. */
export function applyLinear({ weights, bias }: LinearModel, { indices, values }: SparseVector): number {
  let sum = bias;
  for (let j = 0; j < indices.length; j++) sum += weights[indices[j]!]! * values[j]!;
  return sum;
}

/** A sparse vector with every entry there. */
export function denseVector(values: Float32Array): SparseVector {
  return { indices: Uint32Array.from(values, (_, i) => i), values };
}

/**
 * Root of u + a sigmoid(u) + b, which grows at least as fast as u, by Newton within the bracket [-b - a, -b].
 */
function solveLogit(start: number, a: number, b: number): number {
  let low = -b - a;
  let high = -b;
  let u = Math.min(high, Math.max(low, start));
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const s = sigmoid(u);
    const value = u + a * s + b;
    if (value > 0) high = u;
    else low = u;
    let next = u - value / (1 + a * s * (1 - s));
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - u) < 1e-10) return next;
    u = next;
  }
  return u;
}

function sigmoid(u: number): number {
  return u >= 0 ? 1 / (1 + Math.exp(-u)) : Math.exp(u) / (1 + Math.exp(u));
}
