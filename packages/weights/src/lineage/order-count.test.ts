import { logBinomialUpperTail, logChoose, logGamma, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { countInOrder, logOrderCountP } from './order-count.js';

describe('units in order', () => {
  it('are the longest strictly rising subsequence', () => {
    expect(countInOrder(Int32Array.of())).toBe(0);
    expect(countInOrder(Int32Array.of(5, 5, 5))).toBe(1);
    expect(countInOrder(Int32Array.of(-1, -2, 3))).toBe(1);
    expect(countInOrder(Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5))).toBe(4);
    const random = new Random(1);
    for (let trial = 0; trial < 300; trial++) {
      const size = 1 + random.integer(9);
      const partners = Int32Array.from({ length: size }, () => random.integer(8) - 1);
      let best = 0;
      for (let chosen = 0; chosen < 2 ** size; chosen++) {
        const taken = [...partners].filter((_, i) => (chosen >> i) & 1);
        if (taken.every((value, i) => value >= 0 && (i === 0 || value > taken[i - 1]!)))
          best = Math.max(best, taken.length);
      }
      expect(countInOrder(partners)).toBe(best);
    }
  });

  it('have the bound C(n, k)/k! in one group, to little', () => {
    for (const [k, n] of [
      [40, 100],
      [100, 100],
      [256, 256],
      [90, 256],
    ] as const) {
      const exact = logChoose(n, k) - logGamma(k + 1);
      const found = logOrderCountP(k, n, 1);
      expect(found).toBeGreaterThanOrEqual(exact - 1e-6);
      expect(found).toBeLessThan(exact + 6);
    }
    expect(logOrderCountP(20, 100, 1)).toBe(0);
    expect(() => logOrderCountP(5, 4, 1)).toThrow();
    expect(() => logOrderCountP(1, 4, 0)).toThrow();
  });

  // The map of the child's units to the parent's: one-to-one comes closest to the bound.
  for (const [name, units, groups, map] of [
    ['one-to-one, one group', 24, 1, (i: number) => 3 * i],
    ['one-to-one, four groups', 16, 4, (i: number) => i],
    ['two to one', 24, 2, (i: number) => i >> 1],
    ['half without a partner', 24, 3, (i: number) => (i % 2 === 0 ? i : -1)],
  ] as const)
    it(`keep to the bound in 20,000 random orders: ${name}`, () => {
      const random = new Random(11);
      const tries = 20_000;
      const seen = new Float64Array(units * groups + 1);
      const order = Int32Array.from({ length: units }, (_, i) => i);
      for (let t = 0; t < tries; t++) {
        let total = 0;
        for (let group = 0; group < groups; group++) {
          random.shuffle(order);
          total += countInOrder(order.map(map));
        }
        seen[total]!++;
      }
      let reached = 0;
      let tightest = 0;
      for (let k = units * groups; k >= 0; k--) {
        reached += seen[k]!;
        const bound = Math.exp(logOrderCountP(k, units, groups));
        if (reached > 0) expect(logBinomialUpperTail(reached, tries, bound)).toBeGreaterThan(Math.log(1e-6));
        if (reached > 20 && bound < 1) tightest = Math.max(tightest, reached / tries / bound);
      }
      expect(tightest).toBeLessThan(1);
    });
});
