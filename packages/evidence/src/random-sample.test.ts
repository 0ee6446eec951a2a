import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawSample } from './random-sample.js';

const POPULATION = 97;
const SIZE = 10;
const SEEDS = 4000;

/** Draws with many seeds: how often each place, and each pair of neighbours in the circle of places, was drawn. */
function countDraws(): { readonly places: number[]; readonly pairs: number[] } {
  const places = new Array<number>(POPULATION).fill(0);
  const pairs = new Array<number>(POPULATION).fill(0);
  for (let seed = 0; seed < SEEDS; seed++) {
    const drawn = new Set(drawSample(`seed ${seed}`, POPULATION, SIZE));
    for (const place of drawn) {
      places[place]!++;
      if (drawn.has((place + 1) % POPULATION)) pairs[place]!++;
    }
  }
  return { places, pairs };
}

function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('drawSample', () => {
  it('draws what a second program drew', () => {
    // A Python script over hashlib, written from the specification.
    expect(drawSample('a', 10, 3)).toEqual([5, 7, 9]);
    expect(drawSample('seed', 1000, 5)).toEqual([177, 249, 463, 558, 562]);
    expect(drawSample('Zür\nich', 7, 6)).toEqual([0, 1, 2, 4, 5, 6]);
    expect(drawSample('', 1_000_003, 4)).toEqual([84_483, 110_845, 471_650, 595_763]);
    expect(drawSample('x', 2 ** 40, 2)).toEqual([652_440_122_316, 970_959_538_400]);
  });

  it('draws every place, and every pair of neighbours, as often as any other', () => {
    const { places, pairs } = countDraws();
    // 96 degrees of freedom: 181 is passed once in a million by independent draws, and these vary less.
    expect(chiSquare(places, (SEEDS * SIZE) / POPULATION)).toBeLessThan(181);
    const pairShare = (SIZE * (SIZE - 1)) / (POPULATION * (POPULATION - 1));
    expect(chiSquare(pairs, SEEDS * pairShare)).toBeLessThan(181);
  });

  it('gives different places, ascending, and all of a small population', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 320 }),
        (seed, population, size) => {
          const drawn = drawSample(seed, population, size);
          expect(drawn.length).toBe(Math.min(size, population));
          expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
          expect(drawn.every((place) => place >= 0 && place < population)).toBe(true);
        },
      ),
    );
  });

  it('holds every smaller draw with the same seed', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 2, max: 300 }), (seed, population) => {
        const half = Math.floor(population / 2);
        const larger = new Set(drawSample(seed, population, population - 1));
        expect(drawSample(seed, population, half).every((place) => larger.has(place))).toBe(true);
      }),
    );
  });
});
