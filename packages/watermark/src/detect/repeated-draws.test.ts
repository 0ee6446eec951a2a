import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRepeatedDraws, listFirstDraws } from './repeated-draws.js';

describe('repeated draws', () => {
  it('are rows that stood before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(fc.nat(2), { maxLength: 120 }), (width, list) => {
        const words = Uint32Array.from(list.slice(0, list.length - (list.length % width)));
        const seen = new Set<string>();
        const expected: number[] = [];
        for (let from = 0; from < words.length; from += width) {
          const key = words.subarray(from, from + width).join();
          expected.push(seen.has(key) ? 1 : 0);
          seen.add(key);
        }
        const repeated = findRepeatedDraws(words, width);
        expect([...repeated]).toEqual(expected);
        expect([...listFirstDraws(repeated)]).toEqual(expected.flatMap((again, row) => (again ? [] : [row])));
      }),
    );
  });

  it('are found in a text that was written against the hash without its seed', () => {
    // The hash of one word and its finaliser, inverted: all these words would begin in slot 0 of 2^17.
    const words = Uint32Array.from({ length: 60_000 }, (_, k) => {
      const final = (k << 17) ^ ((k << 17) >>> 13) ^ ((k << 17) >>> 26);
      const mixed = Math.imul(final, inverse(0x85ebca77));
      return 1 ^ Math.imul(mixed ^ (mixed >>> 15) ^ (mixed >>> 30), inverse(0x9e3779b1));
    });
    const start = process.cpuUsage();
    findRepeatedDraws(words, 1);
    // Without a seed 1.8e9 probes, several seconds.
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
  });
});

/** Inverse of an odd number modulo 2^32, by Newton's iteration. */
function inverse(odd: number): number {
  let x = odd;
  for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x));
  return x;
}
