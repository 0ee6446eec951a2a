import { logBinomialUpperTail, Random, toLog10 } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { countOwnPlace, logMatchCountP } from './match-count.js';

describe('the bound on matches', () => {
  it('is 1/k! in one group, and least over r in several', () => {
    expect(logMatchCountP(5, 1)).toBeCloseTo(-Math.log(120), 12);
    for (const [k, groups] of [
      [9, 3],
      [40, 5],
      [12, 11],
    ] as const) {
      let least = 0;
      // L^r / (r! C(k, r)) = L^r (k - r)! / k!
      let term = 0;
      for (let r = 1; r <= k; r++) {
        term += Math.log(groups) - Math.log(k - r + 1);
        least = Math.min(least, term);
      }
      expect(logMatchCountP(k, groups)).toBeCloseTo(least, 9);
    }
  });

  it('reaches what 860 of 860 neurons in five layers give', () => {
    expect(toLog10(logMatchCountP(860, 5))).toBeCloseTo(-1552.3, 1);
  });

  it('says nothing for as many matches as groups', () => {
    expect(logMatchCountP(5, 5)).toBe(0);
    expect(logMatchCountP(0, 1)).toBe(0);
    expect(() => logMatchCountP(1, 0)).toThrow();
  });

  // A map that is one-to-one comes closest to the bound; one that takes all to one stays below it.
  for (const [name, groups, map] of [
    ['permutation, one group', 1, (i: number) => i],
    ['permutation, six groups', 6, (i: number) => i],
    ['two to one, three groups', 3, (i: number) => i >> 1],
    ['all to one', 2, () => 0],
  ] as const)
    it(`holds in 4,000 random orders: ${name}`, () => {
      const random = new Random(7);
      const units = 30;
      const tries = 4_000;
      const seen = new Map<number, number>();
      for (let t = 0; t < tries; t++) {
        let matches = 0;
        for (let group = 0; group < groups; group++) {
          const order = Int32Array.from({ length: units }, (_, i) => i);
          random.shuffle(order);
          matches += countOwnPlace(Int32Array.from({ length: units }, (_, i) => order[map(i)]!));
        }
        seen.set(matches, (seen.get(matches) ?? 0) + 1);
      }
      for (let k = 0; k <= 25; k++) {
        const reached = [...seen].reduce((sum, [matches, count]) => sum + (matches >= k ? count : 0), 0);
        // So many at the bound itself would be a chance below one in a million.
        const bound = Math.exp(logMatchCountP(k, groups));
        if (reached > 0) expect(logBinomialUpperTail(reached, tries, bound)).toBeGreaterThan(Math.log(1e-6));
      }
    });
});
