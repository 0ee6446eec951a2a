import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { applyLinear, denseVector, fitLogistic } from './logistic-regression.js';

it('finds the optimum: the gradient of the primal vanishes', () => {
  const random = new Random(3);
  const positive = Array.from({ length: 120 }, (_, i) => i % 3 === 0);
  const vectors = positive.map((is) =>
    denseVector(Float32Array.from({ length: 4 }, (_, j) => random.normal() + (is && j === 0 ? 1 : 0))),
  );
  const cost = 2;
  const model = fitLogistic(vectors, positive, 4, cost, new Random(1));
  const gradient = [...model.weights, model.bias];
  vectors.forEach((vector, i) => {
    const sign = positive[i] ? 1 : -1;
    const weight = (cost * 120) / (2 * (positive[i] ? 40 : 80));
    const slope = (-sign * weight) / (1 + Math.exp(sign * applyLinear(model, vector)));
    vector.values.forEach((value, j) => {
      gradient[j]! += slope * value;
    });
    gradient[4]! += slope;
  });
  // The weights of all texts sum to 240; no dual moves by more than 1e-4 of its own in the last pass.
  for (const each of gradient) expect(Math.abs(each)).toBeLessThan(0.05);
  expect(model.weights[0]).toBeGreaterThan(0.5);
});

it('gives equal bits for an equal seed and stays finite where classes are apart or the same', () => {
  const vectors = [0, 1, 2, 3].map((i) => denseVector(Float32Array.of(i < 2 ? -1 : 1, 0)));
  const fit = (positive: boolean[]) => fitLogistic(vectors, positive, 2, 10, new Random(7));
  const apart = fit([false, false, true, true]);
  expect(fit([false, false, true, true])).toEqual(apart);
  expect(apart.weights[0]).toBeGreaterThan(1);
  const same = fit([false, true, false, true]);
  expect(Math.abs(applyLinear(same, vectors[0]!))).toBeLessThan(0.1);
  for (const value of [...apart.weights, apart.bias, ...same.weights, same.bias])
    expect(Number.isFinite(value)).toBe(true);
});
