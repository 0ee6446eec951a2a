import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logIncompleteBeta, logIncompleteGamma } from './incomplete.js';
import { fromLog10, log1mexp, logAddExp, logSumExp, toLog10 } from './log-space.js';
import { erfc, logErfc, logNormalUpperTail } from './normal.js';
import { saddlePointDeviance } from './saddle-point.js';
import { logBeta, logChoose, logGamma, logRisingFactorial, stirlingError } from './special.js';

const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/mpmath-values.json', import.meta.url), 'utf8'),
) as Record<string, number[][]>;

/** Largest error over a fixture table, relative above `floor` and scaled by `floor` below it. */
function worstError(table: string, compute: (...row: number[]) => number, floor: number): number {
  const rows = fixture[table]!;
  expect(rows.length).toBeGreaterThan(4);
  return Math.max(
    ...rows.map((row) => {
      const expected = row.at(-1)!;
      return Math.abs(compute(...row.slice(0, -1)) - expected) / Math.max(floor, Math.abs(expected));
    }),
  );
}

describe('special functions against mpmath', () => {
  it('logGamma: relative error <= 1e-13, zeros included', () => {
    expect(worstError('logGamma', logGamma, 1e-300)).toBeLessThanOrEqual(1e-13);
  });

  it('logGamma is infinite nowhere in its domain and refuses the rest', () => {
    expect(logGamma(1)).toBe(0);
    expect(logGamma(2)).toBe(0);
    for (const x of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => logGamma(x)).toThrowError(PhalanxError);
    }
  });

  it('stirlingError: absolute error <= 2e-14', () => {
    expect(worstError('stirlingError', stirlingError, 1)).toBeLessThanOrEqual(2e-14);
  });

  it('logBeta: relative error <= 1e-13', () => {
    expect(worstError('logBeta', logBeta, 1e-2)).toBeLessThanOrEqual(1e-13);
  });

  it('logRisingFactorial: relative error <= 1e-13', () => {
    expect(worstError('logRisingFactorial', logRisingFactorial, 1e-2)).toBeLessThanOrEqual(1e-13);
  });

  it('erfc: relative error <= 1e-13; logs never underflow', () => {
    expect(worstError('erfc', erfc, 1e-300)).toBeLessThanOrEqual(1e-13);
    expect(worstError('logNormalUpperTail', logNormalUpperTail, 1)).toBeLessThanOrEqual(1e-14);
    expect(logErfc(1e6)).toBeLessThan(-9.99e11);
  });

  it('incomplete gamma and beta: error <= 1e-12 on both sides', () => {
    for (const [a, x, lower, upper] of fixture.incompleteGamma as [number, number, number, number][]) {
      const got = logIncompleteGamma(a, x);
      expect(Math.abs(got.logLower - lower) / Math.max(1, -lower)).toBeLessThanOrEqual(1e-12);
      expect(Math.abs(got.logUpper - upper) / Math.max(1, -upper)).toBeLessThanOrEqual(1e-12);
    }
    for (const [a, b, x, lower, upper] of fixture.incompleteBeta as number[][] as [
      number,
      number,
      number,
      number,
      number,
    ][]) {
      const got = logIncompleteBeta(a, b, x);
      expect(Math.abs(got.logLower - lower) / Math.max(1, -lower)).toBeLessThanOrEqual(1e-12);
      expect(Math.abs(got.logUpper - upper) / Math.max(1, -upper)).toBeLessThanOrEqual(1e-12);
    }
    expect(logIncompleteGamma(2, 0)).toEqual({ logLower: Number.NEGATIVE_INFINITY, logUpper: 0 });
    expect(logIncompleteBeta(2, 3, 1)).toEqual({ logLower: 0, logUpper: Number.NEGATIVE_INFINITY });
  });
});

describe('identities', () => {
  it('logGamma(x + 1) = logGamma(x) + ln x', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (x) => {
        const left = logGamma(x + 1);
        const right = logGamma(x) + Math.log(x);
        const scale = Math.abs(left) + Math.abs(logGamma(x)) + Math.abs(Math.log(x)) + 1;
        expect(Math.abs(left - right)).toBeLessThanOrEqual(4e-15 * scale);
      }),
    );
  });

  it('logChoose is exact for Pascal rows', () => {
    let row = [1];
    for (let n = 1; n <= 40; n++) {
      row = Array.from({ length: n + 1 }, (_, k) => (row[k - 1] ?? 0) + (row[k] ?? 0));
      for (let k = 0; k <= n; k++) {
        expect(Math.abs(Math.expm1(logChoose(n, k) - Math.log(row[k]!)))).toBeLessThan(1e-13);
      }
    }
    expect(logChoose(3, 4)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('saddlePointDeviance is non-negative and zero at its minimum', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        (m, ratio) => {
          expect(saddlePointDeviance(m * ratio, m)).toBeGreaterThanOrEqual(0);
          expect(saddlePointDeviance(m, m)).toBe(0);
        },
      ),
    );
  });

  it('log space helpers', () => {
    expect(logSumExp([])).toBe(Number.NEGATIVE_INFINITY);
    expect(logSumExp([-1e5, -1e5])).toBeCloseTo(-1e5 + Math.LN2, 9);
    expect(logSumExp([Number.NEGATIVE_INFINITY, 3])).toBe(3);
    expect(logAddExp(1000, 1000)).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logAddExp(Number.NEGATIVE_INFINITY, 2)).toBe(2);
    expect(log1mexp(-1e-20)).toBeCloseTo(Math.log(1e-20), 12);
    expect(log1mexp(-800)).toBe(-Math.exp(-800));
    expect(log1mexp(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(toLog10(fromLog10(-10000))).toBeCloseTo(-10000, 9);
  });
});
