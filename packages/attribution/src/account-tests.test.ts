import { boundProportionBelow, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import {
  adjustByHolm,
  boundExclusiveShare,
  countTestable,
  testAccount,
  testControl,
  testPublication,
} from './account-tests.js';

const LEVEL = Math.log(0.01);
/** Clopper-Pearson at 1e-6: a valid test is above 1 % by more than this once in a million runs of the suite. */
const isAtMost = (rejected: number, runs: number, rate: number) =>
  expect(boundProportionBelow(rejected, runs, 1e-6)).toBeLessThanOrEqual(rate);

describe('testAccount', () => {
  it('holds its level when items are drawn without regard to the account, boilerplate and all', () => {
    const random = new Random(1);
    // Unequal accounts; of each a part, between 0 and 90 %, is boilerplate that is nobody's alone.
    const received = Array.from({ length: 30 }, (_, i) => 20 + 40 * i);
    const exclusive = received.map((n) => Math.round(n * (1 - 0.9 * random.uniform())));
    const all = received.reduce((a, b) => a + b);
    const allExclusive = exclusive.reduce((a, b) => a + b);
    let rejected = 0;
    const runs = 600;
    for (let run = 0; run < runs; run++) {
      const single = random.binomial(2000, allExclusive / all);
      const share = boundExclusiveShare({ probes: 2000, single });
      const items = random.multinomial(200, exclusive);
      for (const [i, count] of items.entries())
        if (testAccount(count, 200, received[i]!, all, share) <= LEVEL) rejected++;
    }
    isAtMost(rejected, runs * received.length, 0.01);
  });

  it('sees an account that has ten times its share', () => {
    const share = boundExclusiveShare({ probes: 2000, single: 1200 });
    expect(testAccount(20, 200, 1000, 100_000, share)).toBeLessThan(Math.log(1e-8));
  });

  it('says nothing without items, probes or exclusive responses, and is never impossible', () => {
    expect(testAccount(0, 10, 5, 100, 0.5)).toBe(0);
    expect(testAccount(10, 10, 5, 100, 0)).toBe(0);
    expect(testAccount(10, 10, 0, 0, 0.5)).toBe(0);
    expect(boundExclusiveShare({ probes: 0, single: 0 })).toBe(0);
    // An account that received nothing long enough and has items: only the risk of the bound is left.
    const least = testAccount(1000, 1000, 1, 1e9, 0.9);
    expect(least).toBeGreaterThanOrEqual(Math.log(1e-15));
    expect(least).toBeLessThan(Math.log(3e-15));
  });
});

describe('testControl', () => {
  it('holds its level when both kinds of rows match alike', () => {
    const random = new Random(2);
    let rejected = 0;
    for (let run = 0; run < 3000; run++)
      if (testControl(random.binomial(500, 0.02), 500, random.binomial(300, 0.02), 300) <= LEVEL) rejected++;
    isAtMost(rejected, 3000, 0.01);
  });

  it('sees forty items where the control has none', () => {
    expect(testControl(40, 1000, 0, 1000)).toBeLessThan(Math.log(1e-11));
    expect(testControl(0, 1000, 0, 1000)).toBe(0);
    expect(testControl(5, 10, 0, 0)).toBe(0);
  });
});

describe('testPublication', () => {
  it('holds its level when time says nothing, and sees when all was given before', () => {
    const random = new Random(3);
    let rejected = 0;
    for (let run = 0; run < 3000; run++) {
      const before = random.binomial(60, 0.7);
      if (testPublication(before, 60 - before, 7000, 3000) <= LEVEL) rejected++;
    }
    isAtMost(rejected, 3000, 0.01);
    expect(testPublication(60, 0, 7000, 3000)).toBeLessThan(Math.log(1e-9));
    expect(testPublication(0, 0, 7000, 3000)).toBe(0);
  });
});

describe('adjustments', () => {
  it('adjusts as Holm does', () => {
    const logs = [0.01, 0.04, 0.03, 0.005].map(Math.log);
    expect(adjustByHolm(logs, 4).map((log) => Number(Math.exp(log).toFixed(6)))).toEqual([
      0.03, 0.06, 0.06, 0.02,
    ]);
    expect(adjustByHolm([Math.log(0.5)], 10)).toEqual([0]);
  });

  it('counts only tests that could reject', () => {
    // Fourteen tests, three of which can reach 0.01 / 3.
    const least = [1e-9, 1e-5, 1e-3, ...Array(11).fill(0.5)].map(Math.log);
    expect(countTestable(least, 0.01)).toBe(3);
    expect(countTestable([], 0.01)).toBe(1);
    expect(countTestable([Math.log(0.5)], 0.01)).toBe(1);
  });
});
