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
});
