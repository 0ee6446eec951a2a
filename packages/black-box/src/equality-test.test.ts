import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { AWKWARD_SOURCES, expectCalibrated, expectEValues } from './calibration.test.support.js';
import { measureHammingMmd, testEquality } from './equality-test.js';

describe('model equality test', () => {
  it('has the statistic of its definition', () => {
    // Kernel: ab-ab 1, ab-ac 1/2, ac-ac 1, of length 2.
    const samples = [{ ours: ['ab', 'ab'], theirs: ['ac', 'ac'] }];
    expect(measureHammingMmd(samples, 2)).toBeCloseTo(1 + 1 - 2 * 0.5, 12);
    expect(measureHammingMmd([{ ours: ['a', ''], theirs: ['a', ''] }], 1)).toBeCloseTo(0 + 0 - 2 * 0.5, 12);
    // Padding agrees with padding, and a sign outside the basic plane is one code point.
    expect(measureHammingMmd([{ ours: ['𝔘', '𝔘'], theirs: ['', ''] }], 4)).toBeCloseTo(2 - 2 * 0.75, 12);
  });

  it.each(Object.entries(AWKWARD_SOURCES))('is calibrated where answers are %s', (_, draw) => {
    const random = new Random(7);
    const results = Array.from({ length: 300 }, () => {
      const answers = (count: number) => Array.from({ length: count }, () => draw(random));
      const samples = Array.from({ length: 3 }, (_, i) => ({ ours: answers(3 + i), theirs: answers(4) }));
      return testEquality(samples, { length: 24, permutations: 99, random });
    });
    expectCalibrated(
      results.map(({ logP }) => logP),
      0.01,
      0.05,
      0.2,
    );
    expectEValues(results.map(({ logE }) => logE));
  });

  it('finds another distribution, and says so where a cache would look the same', () => {
    const random = new Random(3);
    const draw = (p: number) =>
      Array.from({ length: 10 }, () => (random.bernoulli(p) ? 'heads up' : 'tails'));
    const found = Array.from({ length: 30 }, () =>
      testEquality(
        Array.from({ length: 20 }, () => ({ ours: draw(0.5), theirs: draw(0.85) })),
        { length: 10, permutations: 199, random },
      ),
    );
    expect(found.filter(({ logP }) => logP <= Math.log(0.01)).length).toBeGreaterThanOrEqual(27);
    expect(found[0]!.cautions).toEqual([]);
    const cached = testEquality([{ ours: draw(0.5), theirs: Array(10).fill('tails') }], {
      permutations: 99,
      random,
    });
    expect(cached.cautions[0]).toMatch(/^The suspect gave one and the same answer every time to 1 of 1/);
  });

  it('refuses what it cannot judge', () => {
    const random = new Random(1);
    expect(() => testEquality([], { random })).toThrow(/prompts/);
    expect(() => testEquality([{ ours: ['a'], theirs: ['a', 'b'] }], { random })).toThrow(/answers of each/);
    const many = { ours: Array(3000).fill('a'), theirs: Array(3000).fill('a') };
    expect(() => testEquality([many], { random })).toThrow(/comparisons/);
  });
});
