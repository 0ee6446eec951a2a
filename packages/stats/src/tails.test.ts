import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logIncompleteBeta } from './incomplete.js';
import { boundProportionAbove, boundProportionBelow, clopperPearson, poissonInterval } from './intervals.js';
import { logAddExp } from './log-space.js';
import * as tails from './tails.js';

const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/mpmath-values.json', import.meta.url), 'utf8'),
) as Record<string, number[][]>;

const TAILS = {
  binomial: [tails.logBinomialUpperTail, tails.logBinomialLowerTail],
  poisson: [tails.logPoissonUpperTail, tails.logPoissonLowerTail],
  hypergeometric: [tails.logHypergeometricUpperTail, tails.logHypergeometricLowerTail],
  betaBinomial: [tails.logBetaBinomialUpperTail, tails.logBetaBinomialLowerTail],
} as unknown as Record<string, [(...a: number[]) => number, (...a: number[]) => number]>;

describe('tails against mpmath', () => {
  it.each(Object.keys(TAILS))('%s: error <= 1e-12 * max(1, |ln P|), 1e-10 for n > 1e6', (name) => {
    const [upper, lower] = TAILS[name]!;
    for (const row of fixture[name]!) {
      const args = row.slice(0, -2);
      const bound = Math.max(...args) > 1e6 ? 1e-10 : 1e-12;
      const [wantUpper, wantLower] = row.slice(-2) as [number, number];
      const errorUpper = Math.abs(upper(...args) - wantUpper) / Math.max(1, -wantUpper);
      const errorLower = Math.abs(lower(...args) - wantLower) / Math.max(1, -wantLower);
      expect({ args, ok: errorUpper <= bound && errorLower <= bound, errorUpper, errorLower }).toMatchObject({
        ok: true,
      });
    }
  });

  it('reaches 10^-10000 and beyond without underflow', () => {
    expect(Math.min(...fixture.binomial!.map((row) => row[3]!))).toBeLessThan(-10_000 * Math.LN10);
    expect(Math.min(...fixture.poisson!.map((row) => row[2]!))).toBeLessThan(-10_000 * Math.LN10);
  });
});

describe('edges', () => {
  it('certain and impossible events', () => {
    expect(tails.logBinomialUpperTail(0, 10, 0.3)).toBe(0);
    expect(tails.logBinomialUpperTail(11, 10, 0.3)).toBe(Number.NEGATIVE_INFINITY);
    expect(tails.logBinomialUpperTail(10, 10, 1)).toBe(0);
    expect(tails.logBinomialUpperTail(1, 10, 0)).toBe(Number.NEGATIVE_INFINITY);
    expect(tails.logBinomialLowerTail(9, 10, 1)).toBe(Number.NEGATIVE_INFINITY);
    expect(tails.logBinomialUpperTail(0, 0, 0.5)).toBe(0);
    expect(tails.logPoissonUpperTail(1, 0)).toBe(Number.NEGATIVE_INFINITY);
    expect(tails.logHypergeometricUpperTail(1, 0, 0, 0)).toBe(Number.NEGATIVE_INFINITY);
    expect(tails.logHypergeometricUpperTail(3, 10, 8, 5)).toBe(0);
  });

  it('refuses what is not a count or a probability', () => {
    for (const call of [
      () => tails.logBinomialUpperTail(1.5, 10, 0.1),
      () => tails.logBinomialUpperTail(1, 10, Number.NaN),
      () => tails.logBinomialUpperTail(1, -1, 0.1),
      () => tails.logPoissonLowerTail(1, Number.POSITIVE_INFINITY),
      () => tails.logHypergeometricUpperTail(1, 5, 6, 1),
      () => tails.logBetaBinomialUpperTail(1, 5, 0, 1),
    ]) {
      expect(call).toThrowError(expect.objectContaining({ code: 'STATS_DOMAIN' }));
    }
    expect(() => clopperPearson(3, 2, 0.05)).toThrowError(PhalanxError);
  });
});

describe('properties', () => {
  const binomial = fc
    .tuple(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), fc.nat())
    .map(([n, p, seed]) => ({ n, p, k: seed % (n + 1) }));

  it('P(X >= k) + P(X < k) = 1 and both fall with k', () => {
    fc.assert(
      fc.property(binomial, ({ n, p, k }) => {
        const up = tails.logBinomialUpperTail(k, n, p);
        expect(up).toBeLessThanOrEqual(0);
        expect(Math.abs(logAddExp(up, tails.logBinomialLowerTail(k - 1, n, p)))).toBeLessThan(1e-12);
        expect(tails.logBinomialUpperTail(k + 1, n, p)).toBeLessThanOrEqual(up);
      }),
    );
  });

  it('agrees with the incomplete beta function, an independent algorithm', () => {
    fc.assert(
      fc.property(binomial, ({ n, p, k }) => {
        fc.pre(k > 0);
        const up = tails.logBinomialUpperTail(k, n, p);
        const other = logIncompleteBeta(k, n - k + 1, p).logLower;
        expect(Math.abs(up - other)).toBeLessThanOrEqual(1e-11 * Math.max(1, -up));
      }),
    );
  });

  it('beta-binomial and hypergeometric sides add to one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        (n, seed, a, b) => {
          const k = seed % (n + 1);
          const both = logAddExp(
            tails.logBetaBinomialUpperTail(k, n, a, b),
            tails.logBetaBinomialLowerTail(k - 1, n, a, b),
          );
          expect(Math.abs(both)).toBeLessThan(1e-11);
          const marked = Math.min(n, Math.floor(a * 3));
          const draws = Math.min(n, Math.floor(b * 3));
          const split = logAddExp(
            tails.logHypergeometricUpperTail(k, n, marked, draws),
            tails.logHypergeometricLowerTail(k - 1, n, marked, draws),
          );
          expect(Math.abs(split)).toBeLessThan(1e-11);
        },
      ),
    );
  });
});

describe('intervals', () => {
  it('Clopper-Pearson and Poisson bounds agree with the quantile functions of scipy', () => {
    for (const [k, n, alpha, lower, upper] of fixture.clopperPearson as unknown as [
      number,
      number,
      number,
      number,
      number,
    ][]) {
      expect(boundProportionBelow(k, n, alpha)).toBeCloseTo(lower, 12);
      if (lower > 0) expect(boundProportionBelow(k, n, alpha) / lower).toBeCloseTo(1, 10);
      expect(boundProportionAbove(k, n, alpha) / upper).toBeCloseTo(1, 10);
    }
    for (const [k, alpha, lower, upper] of fixture.poissonBounds as unknown as [
      number,
      number,
      number,
      number,
    ][]) {
      const got = poissonInterval(k, 2 * alpha);
      expect(Math.abs(got.lower - lower)).toBeLessThanOrEqual(1e-10 * Math.max(1e-3, lower));
      expect(got.upper / upper).toBeCloseTo(1, 10);
    }
  });

  it('covers at least 1 - alpha for every p, computed exactly', () => {
    const n = 30;
    const alpha = 0.1;
    const intervals = Array.from({ length: n + 1 }, (_, k) => clopperPearson(k, n, alpha));
    for (let p = 0.01; p < 1; p += 0.013) {
      let covered = 0;
      for (let k = 0; k <= n; k++) {
        const { lower, upper } = intervals[k]!;
        if (lower <= p && p <= upper) {
          covered +=
            Math.exp(tails.logBinomialUpperTail(k, n, p)) - Math.exp(tails.logBinomialUpperTail(k + 1, n, p));
        }
      }
      expect(covered).toBeGreaterThanOrEqual(1 - alpha - 1e-12);
    }
  });
});
