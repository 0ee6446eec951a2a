import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stream } from './random.js';

const N = 40_000;
const mean = (draw: () => number) => {
  let sum = 0;
  for (let i = 0; i < N; i++) sum += draw();
  return sum / N;
};

describe('Random', () => {
  it('repeats from a seed and differs between streams', () => {
    const draws = (name: string) =>
      Array.from(
        { length: 20 },
        (
          (r) => () =>
            r.uint32()
        )(stream('s', name)),
      );
    expect(draws('accounts')).toEqual(draws('accounts'));
    expect(draws('accounts')).not.toEqual(draws('clocks'));
    expect(stream('s', 'a', 'b').uint32()).not.toBe(stream('s', 'ab').uint32());
  });

  it('has the means of its laws, within five standard errors', () => {
    const r = stream('means');
    for (const shape of [0.05, 0.7, 3, 40])
      expect(Math.abs(mean(() => r.gamma(shape)) - shape)).toBeLessThan(5 * Math.sqrt(shape / N));
    for (const rate of [0.2, 7, 300])
      expect(Math.abs(mean(() => r.poisson(rate)) - rate)).toBeLessThan(5 * Math.sqrt(rate / N));
    expect(Math.abs(mean(() => r.lognormal(26, 1)) - 26)).toBeLessThan(
      (5 * 26 * Math.sqrt(Math.E - 1)) / Math.sqrt(N),
    );
    expect(Math.abs(mean(() => r.normal()))).toBeLessThan(5 / Math.sqrt(N));
    expect(Math.abs(mean(() => r.geometric(4)) - 4)).toBeLessThan((5 * Math.sqrt(12)) / Math.sqrt(N));
  });

  it('has Poisson variance on both branches', () => {
    const r = stream('variance');
    for (const rate of [5, 200]) {
      const square = mean(() => (r.poisson(rate) - rate) ** 2);
      expect(square / rate).toBeGreaterThan(0.93);
      expect(square / rate).toBeLessThan(1.07);
    }
  });

  it('draws Dirichlet vectors that sum to 1 and respect zero cells', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 })
          .filter((w) => w.some((x) => x > 0)),
        fc.constantFrom(1e-6, 0.7, 20),
        fc.integer(),
        (weights, concentration, seed) => {
          const total = weights.reduce((a, b) => a + b, 0);
          const p = stream('d', seed).dirichlet(
            weights.map((w) => w / total),
            concentration,
          );
          expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
          weights.forEach((w, i) => {
            if (w === 0) expect(p[i]).toBe(0);
          });
        },
      ),
    );
  });
});
