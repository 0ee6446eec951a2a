const ROUNDS = 40;
/** From equal weights the quadratic model leads astray; a few rounds of EM first halve the rounds. */
const EM_ROUNDS = 5;
const NEGLIGIBLE = 1e-3;
const HALVINGS = 20;

/** Weights of a mixture, what each row is worth under it, and how far it can be from the best. */
export interface MixtureFit {
  /** Not negative, sum 1. */
  readonly weights: Float64Array;
  /** Likelihood of each row under the weights. */
  readonly mixture: Float64Array;
  /** No weights have a mean log likelihood larger by more than this, in nats a row. Up to rounding, not negative. */
  readonly gap: number;
}

/**
 * Maximum-likelihood weights of a mixture of known densities, by sequential quadratic programming (Kim, Carbonetto,
 * Stephens and Anitescu 2020, "A fast algorithm for maximum likelihood estimation of mixture proportions"): minimises
 * -mean ln(L x) + sum x over x >= 0, whose minimum has sum 1. The gap is ln max_k mean(L_k / Lx), since the log
 * likelihood is concave in the weights.
 *
 * EM is shorter and needs thousands of rounds for what this does in ten.
 *
 * @param likelihood row after row of `kernels` values >= 0, each row with at least one above 0; best scaled to a row maximum of 1
 * @param slack stop once the gap over all rows together is below this, in nats
 */
export function fitMixtureWeights(likelihood: Float64Array, kernels: number, slack: number): MixtureFit {
  const n = likelihood.length / kernels;
  let weights: Float64Array = new Float64Array(kernels).fill(1 / kernels);
  for (let round = 0; round < EM_ROUNDS; round++) weights = stepEm(likelihood, kernels, weights);
  weights = normalise(weights.map((weight) => (weight < NEGLIGIBLE ? 0 : weight)));
  let mixture = mixRows(likelihood, kernels, weights);
  for (let round = 0; ; round++) {
    const ratio = meanRatios(likelihood, kernels, mixture);
    const gap = Math.log(ratio.reduce((a, b) => Math.max(a, b)));
    if (gap * n < slack || round === ROUNDS) return { weights, mixture, gap };
    const live = [...weights.keys()].filter((k) => weights[k]! > 0 || ratio[k]! > 1);
    const hessian = curvature(likelihood, kernels, mixture, live);
    const target = solveNonNegative(
      hessian,
      Float64Array.from(live, (k) => 2 * ratio[k]! - 1),
      Float64Array.from(live, (k) => weights[k]!),
    );
    const move = (step: number): Float64Array => {
      const tried = new Float64Array(kernels);
      live.forEach((k, j) => {
        tried[k] = Math.max(0, weights[k]! + step * (target[j]! - weights[k]!));
      });
      return normalise(tried);
    };
    let next: Float64Array | null = null;
    let nextMixture = mixture;
    let gain = 0;
    for (let halving = 0; halving < HALVINGS; halving++) {
      const tried = move(0.5 ** halving);
      const rows = mixRows(likelihood, kernels, tried);
      const gained = meanLogRatio(rows, mixture);
      if (gained <= gain && next !== null) break;
      if (gained <= gain) continue;
      gain = gained;
      next = tried;
      nextMixture = rows;
    }
    // At the limit of arithmetic no step gains: the gap says how far that is.
    if (next === null) return { weights, mixture, gap };
    mixture = nextMixture;
    weights = next;
  }
}

function stepEm(likelihood: Float64Array, kernels: number, weights: Float64Array): Float64Array {
  const ratio = meanRatios(likelihood, kernels, mixRows(likelihood, kernels, weights));
  return weights.map((weight, k) => weight * ratio[k]!);
}

/** In place. */
function normalise(weights: Float64Array): Float64Array {
  const sum = weights.reduce((a, b) => a + b, 0);
  for (let k = 0; k < weights.length; k++) weights[k]! /= sum;
  return weights;
}

function mixRows(likelihood: Float64Array, kernels: number, weights: Float64Array): Float64Array {
  const live = [...weights.keys()].filter((k) => weights[k]! > 0);
  const out = new Float64Array(likelihood.length / kernels);
  for (const k of live) {
    const weight = weights[k]!;
    for (let i = 0, at = k; i < out.length; i++, at += kernels) out[i]! += weight * likelihood[at]!;
  }
  return out;
}

function meanRatios(likelihood: Float64Array, kernels: number, mixture: Float64Array): Float64Array {
  const out = new Float64Array(kernels);
  for (let i = 0, at = 0; i < mixture.length; i++) {
    const inverse = 1 / mixture[i]!;
    for (let k = 0; k < kernels; k++, at++) out[k]! += likelihood[at]! * inverse;
  }
  for (let k = 0; k < kernels; k++) out[k]! /= mixture.length;
  return out;
}

function meanLogRatio(after: Float64Array, before: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < after.length; i++) sum += Math.log(after[i]! / before[i]!);
  return sum / after.length;
}

/** mean_i L_ij L_ik / mixture_i^2 over the live kernels, with a whisper of a ridge for kernels that are alike. */
function curvature(
  likelihood: Float64Array,
  kernels: number,
  mixture: Float64Array,
  live: readonly number[],
): Float64Array {
  const m = live.length;
  const out = new Float64Array(m * m);
  const row = new Float64Array(m);
  for (let i = 0; i < mixture.length; i++) {
    const inverse = 1 / mixture[i]!;
    for (let j = 0; j < m; j++) row[j] = likelihood[i * kernels + live[j]!]! * inverse;
    for (let j = 0; j < m; j++) {
      const value = row[j]!;
      if (value === 0) continue;
      for (let k = 0; k <= j; k++) out[j * m + k]! += value * row[k]!;
    }
  }
  for (let j = 0; j < m; j++)
    for (let k = 0; k <= j; k++) out[k * m + j] = out[j * m + k] = out[j * m + k]! / mixture.length;
  for (let j = 0; j < m; j++) out[j * m + j]! *= 1 + 1e-9;
  return out;
}

/** Minimises z'Hz/2 - b'z over z >= 0 by the active-set method of Lawson and Hanson, from a feasible start. */
function solveNonNegative(hessian: Float64Array, b: Float64Array, start: Float64Array): Float64Array {
  const m = b.length;
  const z = start.slice();
  const free = Uint8Array.from(z, (value) => Number(value > 0));
  for (let round = 0; round < 3 * m; round++) {
    for (;;) {
      const open = [...free.keys()].filter((k) => free[k] === 1);
      const solved = solveSymmetric(hessian, m, b, open);
      let step = 1;
      open.forEach((k, j) => {
        if (solved[j]! <= 0) step = Math.min(step, z[k]! / (z[k]! - solved[j]!));
      });
      open.forEach((k, j) => {
        z[k] = z[k]! + step * (solved[j]! - z[k]!);
        if (step < 1 && (z[k]! <= 1e-15 || (solved[j]! <= 0 && z[k]! < 1e-12))) {
          z[k] = 0;
          free[k] = 0;
        }
      });
      if (step === 1) break;
    }
    let best = -1;
    let gain = 1e-12;
    for (let k = 0; k < m; k++) {
      if (free[k] === 1) continue;
      let slope = b[k]!;
      for (let j = 0; j < m; j++) slope -= hessian[k * m + j]! * z[j]!;
      if (slope > gain) {
        gain = slope;
        best = k;
      }
    }
    if (best < 0) break;
    free[best] = 1;
  }
  return z;
}

/** Solves the symmetric positive definite system of the open variables by Cholesky's factorisation. */
function solveSymmetric(
  hessian: Float64Array,
  m: number,
  b: Float64Array,
  open: readonly number[],
): Float64Array {
  const n = open.length;
  const lower = new Float64Array(n * n);
  const x = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    for (let k = 0; k <= j; k++) {
      let sum = hessian[open[j]! * m + open[k]!]!;
      for (let l = 0; l < k; l++) sum -= lower[j * n + l]! * lower[k * n + l]!;
      lower[j * n + k] = k < j ? sum / lower[k * n + k]! : Math.sqrt(Math.max(sum, 1e-300));
    }
    let sum = b[open[j]!]!;
    for (let l = 0; l < j; l++) sum -= lower[j * n + l]! * x[l]!;
    x[j] = sum / lower[j * n + j]!;
  }
  for (let j = n - 1; j >= 0; j--) {
    let sum = x[j]!;
    for (let l = j + 1; l < n; l++) sum -= lower[l * n + j]! * x[l]!;
    x[j] = sum / lower[j * n + j]!;
  }
  return x;
}
