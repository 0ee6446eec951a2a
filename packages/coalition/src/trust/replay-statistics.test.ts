import { logBinomialLowerTail, Random } from '@phalanx/stats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundReplay, judgeReplay, leastGood } from './replay-statistics.js';
import { DEFAULT_TERMS } from './terms.js';

const population = { accounts: 10_000, good: 6_000, suspected: 300 };
const hit = (accounts: number, good: number, suspected: number) => ({
  accounts,
  good,
  suspected,
  findings: [],
});

describe('the budget of false positives', () => {
  it('passes where the exact upper bound is below the budget, and only there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), (good) => {
        const one = hit(good, good, 0);
        const [judged] = judgeReplay([one], population, 1, DEFAULT_TERMS);
        expect(judged!.isWithinBudget).toBe(
          boundReplay(one, population).falsePositives <= DEFAULT_TERMS.falsePositiveBudget,
        );
      }),
    );
  });

  it('lets a trace that hits as many as the budget pass no more often than it says, alone and among many', () => {
    const { alpha, falsePositiveBudget } = DEFAULT_TERMS;
    // Exact for one: the greatest count that passes.
    let most = -1;
    while (judgeReplay([hit(most + 1, most + 1, 0)], population, 1, DEFAULT_TERMS)[0]!.isWithinBudget) most++;
    expect(most).toBeGreaterThan(10);
    expect(Math.exp(logBinomialLowerTail(most, population.good, falsePositiveBudget))).toBeLessThanOrEqual(
      alpha,
    );
    expect(Math.exp(logBinomialLowerTail(most, population.good, 1.05 * falsePositiveBudget))).toBeLessThan(
      alpha,
    );
    // Drawn for families of 50 that all are just above it: any that passes spoils the family.
    const random = new Random(20_261_123);
    let spoilt = 0;
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const family = Array.from({ length: 50 }, () => {
        const good = random.binomial(population.good, falsePositiveBudget * 1.001);
        return hit(good, good, 0);
      });
      if (judgeReplay(family, population, 1, DEFAULT_TERMS).some(({ isWithinBudget }) => isWithinBudget))
        spoilt++;
    }
    // 0.05 of 400 is 20; above 35 has a probability below 0.001.
    expect(spoilt).toBeLessThanOrEqual(35);
  });

  it('cannot be met with too few tenants who are known', () => {
    const needed = leastGood(1000, 7, DEFAULT_TERMS);
    expect(needed).toBe(2_364);
    const family = Array.from({ length: 1000 }, () => hit(0, 0, 0));
    const judge = (good: number) =>
      judgeReplay(family, { ...population, good }, 7, DEFAULT_TERMS)[0]!.isWithinBudget;
    expect([judge(needed), judge(needed - 1)]).toEqual([true, false]);
    expect(boundReplay(hit(0, 0, 0), { ...population, good: 0 })).toEqual({
      falsePositives: 1,
      suspected: 0,
    });
  });
});

describe('own evidence', () => {
  it.each([
    [20, 20, true],
    [20, 15, true],
    [20, 12, false],
    [5, 5, true],
    [4, 4, false],
    [1, 1, false],
    [1000, 400, false],
  ])('of %i accounts hit %i are suspected: %s', (accounts, suspected, expected) => {
    // Half of those hit must be suspects as a lower bound: 4 of 4 show only 0.47.
    const wide = { ...population, suspected: 1_000 };
    const [judged] = judgeReplay([hit(accounts, 0, suspected)], wide, 1, { ...DEFAULT_TERMS, alpha: 0.05 });
    expect(judged!.isCorroborated).toBe(expected);
  });

  it('is not found by chance where nearly everybody is suspected', () => {
    const all = { accounts: 10_000, good: 100, suspected: 9_000 };
    expect(judgeReplay([hit(20, 0, 20)], all, 1, DEFAULT_TERMS)[0]!.isCorroborated).toBe(false);
  });

  it('counts that contradict one another are refused', () => {
    for (const bad of [hit(5, 3, 3), hit(-1, 0, 0), hit(20_000, 0, 0), hit(500, 0, 400), hit(1.5, 0, 0)])
      expect(() => judgeReplay([bad], population, 1, DEFAULT_TERMS)).toThrowError(
        expect.objectContaining({ code: 'COALITION_TRUST' }),
      );
  });
});
