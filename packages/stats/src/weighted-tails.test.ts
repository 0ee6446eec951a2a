import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logIncompleteGamma } from './incomplete.js';
import { type LatticePart, logLatticeSumUpperTail, logWeightedBinomialUpperTail } from './lattice-sum.js';
import { logBinomialUpperTail } from './tails.js';
import { logTwoGammaUpperTail } from './weighted-gamma.js';

/** Masses of a sum by plain convolution. */
function convolve(parts: readonly LatticePart[]): Map<number, number> {
  let sums = new Map([[0, 1]]);
  for (const { count, values, probabilities } of parts)
    for (let copy = 0; copy < count; copy++) {
      const next = new Map<number, number>();
      for (const [sum, mass] of sums)
        for (let i = 0; i < values.length; i++)
          next.set(sum + values[i]!, (next.get(sum + values[i]!) ?? 0) + mass * probabilities[i]!);
      sums = next;
    }
  return sums;
}

const part = fc
  .array(fc.tuple(fc.integer({ min: -20, max: 40 }), fc.double({ min: 0.01, max: 1, noNaN: true })), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((atoms) =>
    fc.integer({ min: 0, max: 6 }).map((count) => {
      const total = atoms.reduce((sum, [, mass]) => sum + mass, 0);
      return { count, values: atoms.map(([v]) => v), probabilities: atoms.map(([, m]) => m / total) };
    }),
  );

describe('sums on a lattice', () => {
  it('have the tail that convolution gives', () => {
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: -400, max: 800 }),
        (parts, at) => {
          let exact = 0;
          for (const [sum, mass] of convolve(parts)) if (sum >= at) exact += mass;
          const found = logLatticeSumUpperTail(at, parts);
          if (exact === 0) expect(found).toBe(Number.NEGATIVE_INFINITY);
          else expect(Math.abs(found - Math.log(exact))).toBeLessThan(1e-9 * Math.max(1, Math.abs(found)));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('agree with the binomial tail at any size, on both sides of the mean', () => {
    for (const [k, n, p] of [
      [60, 100, 0.5],
      [10, 100, 0.25],
      [1, 1, 0.3],
      [99, 100, 0.5],
      [1600, 5000, 0.25],
      [600_000, 1_000_000, 0.5],
      [499_000, 1_000_000, 0.5],
    ] as const) {
      const exact = logBinomialUpperTail(k, n, p);
      expect(
        Math.abs(logWeightedBinomialUpperTail(3 * k, [3], n, p) - exact) / Math.max(1, -exact),
      ).toBeLessThan(1e-12);
    }
  });

  it('know what is sure, impossible, or the top', () => {
    expect(logWeightedBinomialUpperTail(0, [2, 1], 5, 0.5)).toBe(0);
    expect(logWeightedBinomialUpperTail(16, [2, 1], 5, 0.5)).toBe(Number.NEGATIVE_INFINITY);
    expect(logWeightedBinomialUpperTail(15, [2, 1], 5, 0.5)).toBeCloseTo(-10 * Math.LN2, 12);
    expect(logWeightedBinomialUpperTail(1, [2, 1], 0, 0.5)).toBe(Number.NEGATIVE_INFINITY);
    expect(logWeightedBinomialUpperTail(1, [2, 1], 5, 0.5)).toBeCloseTo(Math.log1p(-(2 ** -10)), 12);
  });

  it('refuse values that are no integers and masses that do not sum to 1', () => {
    const domain = expect.objectContaining({ code: 'STATS_DOMAIN' });
    expect(() => logWeightedBinomialUpperTail(1, [0.5], 5, 0.5)).toThrowError(domain);
    expect(() => logLatticeSumUpperTail(1, [{ count: 1, values: [1], probabilities: [0.4] }])).toThrowError(
      domain,
    );
    expect(() => logWeightedBinomialUpperTail(1, [200_000], 5, 0.5)).toThrowError(domain);
  });
});

describe('two gammas', () => {
  it('of shape 1 have the closed hypoexponential tail', () => {
    for (const x of [0.1, 1, 3, 50, 600]) {
      const exact = Math.log(0.9 * Math.exp(-x / 0.9) - 0.1 * Math.exp(-x / 0.1)) - Math.log(0.8);
      const found = logTwoGammaUpperTail(x, { shape: 1, scale: 0.9 }, { shape: 1, scale: 0.1 });
      expect(Math.abs(found - exact)).toBeLessThan(1e-12 * Math.max(1, -exact));
    }
  });

  it('of equal scale are one gamma, in any order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0, max: 3, noNaN: true }), (n, f) => {
        const one = logIncompleteGamma(2 * n, 2 * n * f).logUpper;
        const gamma = { shape: n, scale: 0.5 };
        expect(logTwoGammaUpperTail(n * f, gamma, gamma)).toBeCloseTo(one, 9);
        const [a, b] = [
          { shape: n, scale: 0.7 },
          { shape: 3, scale: 0.2 },
        ];
        expect(logTwoGammaUpperTail(n * f, a, b)).toBe(logTwoGammaUpperTail(n * f, b, a));
      }),
    );
  });

  it('are heavier in the tail than the gamma of the same mean and variance', () => {
    const [n, a] = [30, 0.1];
    const variance = n * ((1 - a) ** 2 + a ** 2);
    const x = 94;
    const matched = logIncompleteGamma((n * n) / variance, (x * n) / variance).logUpper;
    const exact = logTwoGammaUpperTail(x, { shape: n, scale: 1 - a }, { shape: n, scale: a });
    expect(exact - matched).toBeGreaterThan(0.3);
    expect(exact).toBeLessThan(0);
  });

  it('stay finite where the tail is below any double', () => {
    const deep = logTwoGammaUpperTail(
      200_000,
      { shape: 100_000, scale: 0.9 },
      { shape: 100_000, scale: 0.1 },
    );
    expect(deep).toBeLessThan(-36_000);
    expect(Number.isFinite(deep)).toBe(true);
    expect(() => logTwoGammaUpperTail(1, { shape: 0, scale: 1 }, { shape: 1, scale: 1 })).toThrowError(
      expect.objectContaining({ code: 'STATS_DOMAIN' }),
    );
  });
});
