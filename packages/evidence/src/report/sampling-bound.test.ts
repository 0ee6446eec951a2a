import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countExcludedBySample } from './sampling-bound.js';

/** Sign of C(N - B, n) / C(N, n) - alpha / 1000, in whole numbers. */
function compareClean(population: number, sample: number, bad: number, alphaPerMille: number): number {
  let [top, bottom] = [1n, 1n];
  for (let i = 0; i < sample; i++) {
    top *= BigInt(Math.max(0, population - bad - i));
    bottom *= BigInt(population - i);
  }
  const difference = top * 1000n - bottom * BigInt(alphaPerMille);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

describe('what a clean sample excludes', () => {
  it('agrees with whole-number arithmetic', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom(10, 50, 100, 500),
        (population, draws, alpha) => {
          const sample = Math.min(draws, population);
          const excluded = countExcludedBySample(population, sample, 1 - alpha / 1000)!;
          expect(compareClean(population, sample, excluded, alpha)).toBeLessThanOrEqual(0);
          // A tie goes to the larger number.
          expect(compareClean(population, sample, excluded - 1, alpha)).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('is 1 for a sample of everything, and nothing for no sample', () => {
    expect(countExcludedBySample(1000, 1000, 0.95)).toBe(1);
    expect(countExcludedBySample(1000, 0, 0.95)).toBeNull();
    expect(countExcludedBySample(0, 0, 0.95)).toBeNull();
    expect(countExcludedBySample(10, 11, 0.95)).toBeNull();
  });

  it('gives the rule of three for a large population', () => {
    const excluded = countExcludedBySample(10_000_000, 1000, 0.95)!;
    expect(excluded / 10_000_000).toBeCloseTo(0.00299, 5);
  });
});
