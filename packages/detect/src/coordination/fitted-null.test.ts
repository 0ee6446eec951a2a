import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { fitNull } from './fitted-null.js';

it('fits weights to the rows asked about and to no others', () => {
  const logs = Float64Array.from([0.9, 0.1, 0.8, 0.2, 0.01, 0.99], Math.log);
  const fitted = fitNull(logs, 2, [0, 1]);
  expect(Math.exp(fitted[0]! + fitted[1]!)).toBeCloseTo(0.72, 1);
  expect(fitted[2]).toBe(0);
});

it('is at least as likely as any fixed weights, however little a row tells', () => {
  const random = new Random(2);
  const rows = Array.from({ length: 1000 }, (_, r) => r);
  const logs = Float64Array.from(
    rows.flatMap(() => [0.49, 0.5, 0.51].map((p) => p + 1e-3 * random.uniform())),
    Math.log,
  );
  const total = fitNull(logs, 3, rows).reduce((a, b) => a + b, 0);
  for (let i = 0; i < 200; i++) {
    const weight = random.dirichlet([0.3, 0.3, 0.3]);
    const rival = rows.reduce(
      (sum, r) => sum + Math.log(weight.reduce((mix, w, k) => mix + w * Math.exp(logs[3 * r + k]!), 0)),
      0,
    );
    expect(total).toBeGreaterThanOrEqual(rival - 1e-9);
  }
});

it('fits weights that no other weights beat by more than a tenth of a nat', () => {
  const random = new Random(1);
  const rows = Array.from({ length: 300 }, (_, r) => r);
  const logs = Float64Array.from(
    rows.flatMap(() => [0.45, 0.5, 0.55].map((p) => (random.bernoulli(0.58) ? p : 1 - p))),
    Math.log,
  );
  const fitted = fitNull(logs, 3, rows);
  // The log likelihood is concave in the weights: a mixture is within n ln(max mean ratio) of the best.
  const gap = [0, 1, 2].map((k) =>
    Math.log(rows.reduce((sum, r) => sum + Math.exp(logs[3 * r + k]! - fitted[r]!), 0) / rows.length),
  );
  expect(rows.length * Math.max(...gap)).toBeLessThan(0.1);
});
