import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logConformalP, logWeightedConformalP } from './conformal.js';
import { boundProportionBelow } from './intervals.js';
import { testByEnumeration, testByRandomization } from './permutation.js';
import { Random } from './random.js';
import { testLoadShift } from './randomised-intervention.js';

const ROUNDS = 2000;

/** Share of rounds with p <= level, as a lower confidence bound at 1e-6. */
function boundLevel(logPs: number[], level: number): number {
  const hits = logPs.filter((logP) => logP <= Math.log(level) + 1e-12).length;
  return boundProportionBelow(hits, logPs.length, 1e-6);
}

describe('conformal p-values', () => {
  it('count ties against the claim', () => {
    expect(Math.exp(logConformalP(5, [1, 5, 5, 9]))).toBeCloseTo(4 / 5, 12);
    expect(Math.exp(logConformalP(10, [1, 2, 3]))).toBeCloseTo(1 / 4, 12);
    expect(logConformalP(1, [])).toBe(0);
    expect(() => logConformalP(1, [Number.NaN])).toThrowError(PhalanxError);
  });

  it('equal weights change nothing; weights move the p-value', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 9 })),
        (score, calibration) => {
          expect(
            logWeightedConformalP(
              score,
              3,
              calibration,
              calibration.map(() => 3),
            ),
          ).toBeCloseTo(logConformalP(score, calibration), 12);
        },
      ),
    );
    expect(Math.exp(logWeightedConformalP(5, 1, [9, 1], [3, 4]))).toBeCloseTo(4 / 8, 12);
    expect(() => logWeightedConformalP(5, 0, [], [])).toThrowError(PhalanxError);
  });

  it('are super-uniform on exchangeable tied scores', () => {
    const random = new Random(31);
    const logPs = Array.from({ length: ROUNDS }, () =>
      logConformalP(
        random.poisson(2),
        Float64Array.from({ length: 99 }, () => random.poisson(2)),
      ),
    );
    for (const level of [0.01, 0.1, 0.3]) expect(boundLevel(logPs, level)).toBeLessThanOrEqual(level);
  });
});

describe('randomisation tests', () => {
  it('never gives 0 and treats sums in another order as ties', () => {
    const random = new Random(1);
    const result = testByRandomization({
      observed: 0,
      statistic: (order: number) => (order === 0 ? 0.1 + 0.2 + 0.3 : 0.3 + 0.2 + 0.1),
      draw: () => 1,
      draws: 99,
      random,
    });
    expect(result.logP).toBe(0);
    const extreme = testByRandomization({
      observed: 1,
      statistic: (x) => x,
      draw: () => 0,
      draws: 99,
      random,
    });
    expect(Math.exp(extreme.logP)).toBeCloseTo(0.01, 12);
    expect(() =>
      testByRandomization({ observed: 1, statistic: () => Number.NaN, draw: () => 0, draws: 9, random }),
    ).toThrowError(PhalanxError);
  });

  it('enumeration weighs assignments and demands the observed one', () => {
    const assignments = [
      { assignment: 3, probability: 1 },
      { assignment: 2, probability: 2 },
      { assignment: 1, probability: 5 },
    ];
    const result = testByEnumeration({ observed: 2, statistic: (x: number) => x, assignments });
    expect(Math.exp(result.logP)).toBeCloseTo(3 / 8, 12);
    expect(result).toMatchObject({ exact: true, assignments: 3, observed: 2 });
    expect(() => testByEnumeration({ observed: 9, statistic: (x: number) => x, assignments })).toThrowError(
      PhalanxError,
    );
  });
});

describe('testLoadShift', () => {
  const draws = 199;
  const intervention = (
    random: Random,
    n: number,
    m: number,
    shift: number,
    kind: 'complete' | 'bernoulli',
  ) => {
    const treated = new Uint8Array(n);
    if (kind === 'complete') random.shuffle(treated.fill(1, 0, m));
    else for (let i = 0; i < n; i++) treated[i] = random.bernoulli(0.4) ? 1 : 0;
    // Heavy-tailed, unequal loads: nothing the test should need to know.
    const before = Float64Array.from({ length: n }, () => Math.round(random.lognormal(3, 1.3)));
    const after = before.map((load, i) =>
      Math.round(load * random.lognormal(0, 0.4) * (treated[i] === 1 ? 1 - shift : 1 + shift)),
    );
    const design = kind === 'complete' ? ({ kind } as const) : ({ kind, probability: 0.4 } as const);
    return testLoadShift({ before, after, treated, design }, { draws, random });
  };

  it.each([
    ['complete', 12],
    ['complete', 40],
    ['bernoulli', 12],
    ['bernoulli', 40],
  ] as const)('%s design of %i accounts: level held, shift found', (kind, n) => {
    const random = new Random(41 + n);
    const rounds = n === 12 ? 400 : 1000;
    const logPs = Array.from({ length: rounds }, () => intervention(random, n, n / 2, 0, kind).logP);
    for (const level of [0.02, 0.1, 0.3]) expect(boundLevel(logPs, level)).toBeLessThanOrEqual(level);
    expect(boundLevel(logPs, 0.5)).toBeGreaterThan(0.25);
    const shifted = Array.from({ length: 100 }, () => intervention(random, n, n / 2, 0.8, kind).logP);
    expect(boundLevel(shifted, 0.1)).toBeGreaterThan(n === 40 ? 0.6 : 0.25);
  });

  it('enumerates small designs: one treated account of four that lost most', () => {
    const result = testLoadShift(
      {
        before: [10, 10, 10, 10],
        after: [2, 12, 11, 13],
        treated: Uint8Array.of(1, 0, 0, 0),
        design: { kind: 'complete' },
      },
      { draws, random: new Random(1) },
    );
    expect(result).toMatchObject({ exact: true, assignments: 4 });
    expect(Math.exp(result.logP)).toBeCloseTo(1 / 4, 12);
    expect(result.observed).toBeCloseTo(2 + 8, 12);
  });

  it('agrees between enumeration and Monte Carlo', () => {
    const random = new Random(5);
    const before = Float64Array.from({ length: 10 }, () => random.gamma(3));
    const after = before.map((x, i) => x * (i < 5 ? 0.8 : 1.2) + random.normal() * 0.3);
    const treated = Uint8Array.of(1, 1, 1, 1, 1, 0, 0, 0, 0, 0);
    const exact = testLoadShift({ before, after, treated, design: { kind: 'complete' } }, { draws, random });
    expect(exact.assignments).toBe(252);
    const big = 20_000;
    const scratch = treated.slice();
    const monteCarlo = testByRandomization({
      observed: treated,
      statistic: (marks) => {
        let gap = 0;
        for (let i = 0; i < 10; i++) gap += (after[i]! - before[i]!) * (marks[i] === 1 ? -1 : 1);
        return gap / 5;
      },
      draw: (r) => r.shuffle(scratch),
      draws: big,
      random,
    });
    expect(monteCarlo.observed).toBeCloseTo(exact.observed, 10);
    expect(Math.abs(Math.exp(monteCarlo.logP) - Math.exp(exact.logP))).toBeLessThan(
      Math.sqrt(Math.log(2e6) / (2 * big)),
    );
  });

  it('gives p = 1 when the coin left a group empty, and refuses what it cannot test', () => {
    const base = { before: [1, 2, 3], after: [3, 2, 1] };
    const options = { draws, random: new Random(1) };
    const flips = { kind: 'bernoulli', probability: 0.5 } as const;
    expect(testLoadShift({ ...base, treated: Uint8Array.of(1, 1, 1), design: flips }, options).logP).toBe(0);
    expect(testLoadShift({ ...base, treated: Uint8Array.of(1, 0, 0), design: flips }, options)).toMatchObject(
      {
        assignments: 8,
        exact: true,
      },
    );
    for (const bad of [
      { ...base, treated: Uint8Array.of(1, 1, 1), design: { kind: 'complete' } as const },
      { ...base, treated: Uint8Array.of(2, 0, 0), design: flips },
      { ...base, treated: Uint8Array.of(1, 0), design: flips },
      { ...base, treated: Uint8Array.of(1, 0, 0), design: { kind: 'bernoulli', probability: 1 } as const },
    ]) {
      expect(() => testLoadShift(bad, options)).toThrowError(PhalanxError);
    }
  });
});
