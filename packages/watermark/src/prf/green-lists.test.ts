import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GreenLists } from './green-lists.js';
import { permuteTorch } from './torch-generator.js';

describe('green lists', () => {
  it('are the head of randperm, whatever is asked how often and however little is held', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.nat()), { maxLength: 60 }),
        fc.constantFrom(0, 400, 2 ** 20),
        (vocabulary, share, asked, cacheBytes) => {
          const size = Math.floor(vocabulary * share);
          const lists = new GreenLists({ vocabulary, size, cacheBytes });
          const seeds = Uint32Array.from(asked, ([seed]) => seed * 613566757);
          const tokens = Int32Array.from(asked, ([, token]) => token % vocabulary);
          const expected = asked.map((_, i) =>
            permuteTorch(seeds[i]!, vocabulary).subarray(0, size).includes(tokens[i]!) ? 1 : 0,
          );
          for (let round = 0; round < 3; round++) {
            expect([...lists.read(seeds, tokens)]).toEqual(expected);
            const [seed] = seeds;
            const of = tokens.filter((_, i) => seeds[i] === seed);
            if (seed !== undefined) {
              expect([...lists.readList(seed, of)]).toEqual(expected.filter((_, i) => seeds[i] === seed));
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hold what is asked for again and again, and no more than they may', () => {
    const lists = new GreenLists({ vocabulary: 320, size: 80, cacheBytes: 400 });
    const read = (seed: number) => lists.read(Uint32Array.of(seed), Int32Array.of(5));
    for (let round = 0; round < 7; round++) for (let seed = 0; seed < 30; seed++) read(seed);
    expect(lists.cached).toBe(0);
    const before = Array.from({ length: 30 }, (_, seed) => read(seed)[0]);
    expect(lists.cached).toBe(10);
    expect(Array.from({ length: 30 }, (_, seed) => read(seed)[0])).toEqual(before);
    expect(lists.cached).toBe(10);
  });

  it('have no token outside the vocabulary', () => {
    const lists = new GreenLists({ vocabulary: 10, size: 10 });
    expect([...lists.read(new Uint32Array(3), Int32Array.of(-1, 10, 9))]).toEqual([0, 0, 1]);
  });

  it('refuse sizes that make no list', () => {
    expect(() => new GreenLists({ vocabulary: 10, size: 11 })).toThrow(/size of a green list/);
    expect(() => new GreenLists({ vocabulary: 2 ** 20 + 1, size: 1 })).toThrow(/vocabulary/);
  });
});
