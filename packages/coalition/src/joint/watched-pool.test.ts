import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureGrowth, type WatchedPool } from './watched-pool.js';

const DAY = 86_400_000;
const accounts = (n: number) => Array.from({ length: n }, (_, i) => `key-${i}`);

/** A pool proposed at day 0 with the given e-values, in decades, at the ends of days 1, 2, ... */
function poolOf(
  coordination: readonly number[],
  more: Partial<WatchedPool> & { demand?: readonly number[] } = {},
) {
  const { demand = coordination, ...rest } = more;
  const pool: WatchedPool = {
    number: 1,
    proposedAtMs: 0,
    accounts: accounts(10),
    setAside: null,
    isDemandDoubted: false,
    trace: coordination.map((log10E, i) => ({
      atMs: (i + 1) * DAY,
      logCoordination: log10E * Math.LN10,
      logDemand: demand[i]! * Math.LN10,
    })),
    ...rest,
  };
  return pool;
}

describe('what a lab says of its pools', () => {
  it('counts from the candidate on, whatever was there before', () => {
    expect(measureGrowth([poolOf([3, 5, 7.55])], 2 * DAY, 3 * DAY, 2)).toEqual({
      coordination: 25,
      both: 25,
    });
    expect(measureGrowth([poolOf([3, 5, 5])], 2 * DAY, 3 * DAY, 2)).toEqual({ coordination: 0, both: 0 });
  });

  it('does not see what lies after the day', () => {
    const pools = [poolOf([1, 2, 9])];
    expect(measureGrowth(pools, 0, 2 * DAY, 2)).toEqual(measureGrowth([poolOf([1, 2])], 0, 2 * DAY, 2));
  });

  it('takes the smaller of coordination and demand, each from its own beginning', () => {
    const pool = poolOf([2, 4, 6], { demand: [0, 1, 1.5] });
    expect(measureGrowth([pool], DAY, 3 * DAY, 2)).toEqual({ coordination: 40, both: 15 });
  });

  it('holds back evidence of less than a tenth of a nat an account, and demand that is doubted', () => {
    const large = poolOf([0, 2], { accounts: accounts(100) });
    expect(measureGrowth([large], DAY, 2 * DAY, 2)).toEqual({ coordination: 0, both: 0 });
    expect(measureGrowth([large], DAY, 2 * DAY, 3)).toEqual({ coordination: 20, both: 20 });
    const doubted = poolOf([0, 2], { isDemandDoubted: true });
    expect(measureGrowth([doubted], DAY, 2 * DAY, 2)).toEqual({ coordination: 20, both: 0 });
  });

  it('says nothing of a pool that was set aside, and 0 of nothing', () => {
    expect(measureGrowth([poolOf([0, 9], { setAside: 'declared' })], DAY, 2 * DAY, 2).coordination).toBe(0);
    expect(measureGrowth([poolOf([0, Number.NEGATIVE_INFINITY])], DAY, 2 * DAY, 2).coordination).toBeNull();
  });

  it('is never above the mean of the ratios, and by less than a tenth below where it is not held back', () => {
    const path = fc.array(fc.double({ min: -4, max: 9, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 4 }), (paths) => {
        const pools = paths.map((values) => poolOf(values));
        const mean = Math.log10(
          paths.reduce((sum, values) => sum + 10 ** (values[2]! - values[0]!), 0) / paths.length,
        );
        const { coordination } = measureGrowth(pools, DAY, 3 * DAY, 2);
        expect((coordination ?? Number.NEGATIVE_INFINITY) / 10).toBeLessThanOrEqual(mean + 1e-9);
        if (mean > 1 && mean < 9) expect(coordination! / 10).toBeGreaterThan(mean - 0.1 - 1e-9);
      }),
    );
  });
});
