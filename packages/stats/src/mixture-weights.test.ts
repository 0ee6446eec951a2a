import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitMixtureWeights } from './mixture-weights.js';
import { Random } from './random.js';

function meanLog(likelihood: Float64Array, weights: ArrayLike<number>): number {
  const kernels = weights.length;
  const n = likelihood.length / kernels;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let mixture = 0;
    for (let k = 0; k < kernels; k++) mixture += weights[k]! * likelihood[i * kernels + k]!;
    sum += Math.log(mixture);
  }
  return sum / n;
}

/** Rows whose kernels differ by a random slope, scaled to a maximum of 1. */
function randomRows(seed: number, n: number, kernels: number, sharpness: number): Float64Array {
  const random = new Random(seed);
  const out = new Float64Array(n * kernels);
  for (let i = 0; i < n; i++) {
    const logs = Array.from({ length: kernels }, () => sharpness * Math.log(random.uniform()));
    const top = Math.max(...logs);
    logs.forEach((log, k) => {
      out[i * kernels + k] = Math.exp(log - top);
    });
  }
  return out;
}

describe('weights of a mixture', () => {
  it('are the best to within the slack: the gap holds against any rival, and is small', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(0.001, 0.1, 1, 10, 200),
        (seed, n, kernels, sharpness) => {
          const likelihood = randomRows(seed, n, kernels, sharpness);
          const { weights, mixture, gap } = fitMixtureWeights(likelihood, kernels, 1e-3);
          expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
          expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
          const reached = meanLog(likelihood, weights);
          expect(mixture.reduce((sum, value) => sum + Math.log(value), 0) / n).toBeCloseTo(reached, 9);
          expect(gap * n).toBeLessThan(1e-3);
          const random = new Random(seed);
          for (let i = 0; i < 20; i++) {
            const rival = random.dirichlet(new Array(kernels).fill(0.3));
            expect(meanLog(likelihood, rival)).toBeLessThanOrEqual(reached + gap + 1e-9);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('are those of twenty thousand rounds of EM', () => {
    const likelihood = randomRows(5, 80, 4, 0.5);
    let weights = new Float64Array(4).fill(0.25);
    for (let round = 0; round < 20_000; round++) {
      const next = new Float64Array(4);
      for (let i = 0; i < 80; i++) {
        const row = likelihood.subarray(4 * i, 4 * i + 4);
        const mixture = row.reduce((sum, value, k) => sum + value * weights[k]!, 0);
        row.forEach((value, k) => {
          next[k]! += (weights[k]! * value) / mixture / 80;
        });
      }
      weights = next;
    }
    const fitted = fitMixtureWeights(likelihood, 4, 1e-9).weights;
    for (let k = 0; k < 4; k++) expect(fitted[k]).toBeCloseTo(weights[k]!, 4);
  });

  it('survive kernels that are the same, kernels that are nothing, and rows that only one explains', () => {
    const same = fitMixtureWeights(Float64Array.of(1, 1, 0.2, 0.2, 1, 1), 2, 1e-6);
    expect(same.gap).toBeLessThan(1e-6);
    const apart = fitMixtureWeights(Float64Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0), 3, 1e-9);
    expect([...apart.weights].map((weight) => Math.round(1e6 * weight) / 1e6)).toEqual([
      0.666667, 0.333333, 0,
    ]);
    const far = fitMixtureWeights(Float64Array.of(1, 1e-300, 1e-300, 1), 2, 1e-9);
    expect(far.weights[0]).toBeCloseTo(0.5, 9);
  });
});
