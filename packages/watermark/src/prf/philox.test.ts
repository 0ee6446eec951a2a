import { Random } from '@phalanx/stats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectNgrams } from '../ngrams.js';
import { PhiloxPrf, permutePhilox, sumPhiloxScores } from './philox.js';

describe('Philox', () => {
  it('is what Random123 publishes', () => {
    const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
    expect([...permutePhilox([0, 0, 0, 0], [0, 0])]).toEqual([
      0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8,
    ]);
    expect([...permutePhilox([-1, -1, -1, -1], [-1, -1])]).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ]);
    expect([...permutePhilox(pi, [0xa4093822, 0x299f31d0])]).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ]);
  });

  it('reads n-grams of every width and number as it reads single tokens', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: -1, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 40 }),
        fc.bigInt(0n, 2n ** 64n - 1n),
        (contextWidth, text, key) => {
          const ngrams = collectNgrams([Int32Array.from(text)], { contextWidth, unit: 'ngram', padding: -1 });
          const prf = new PhiloxPrf(key);
          const rows = prf.readNgrams(ngrams);
          for (let row = 0; row < ngrams.count; row++) {
            const from = row * ngrams.width;
            const context = ngrams.tokens.subarray(from, from + contextWidth);
            const token = ngrams.tokens.subarray(from + contextWidth, from + ngrams.width);
            expect(prf.readTokens(context, token)[0]).toBe(rows[row]);
          }
        },
      ),
    );
  });

  it('sums the scores of a ring as logarithms do, whatever the number of n-grams', () => {
    const random = new Random(7);
    for (const length of [0, 1, 2, 3, 4, 5, 63, 64, 65, 66, 67, 1000, 120_001]) {
      const text = Int32Array.from({ length }, () => Math.floor(random.uniform() * 100_000));
      const ngrams = collectNgrams([text], { contextWidth: 4, unit: 'context', padding: -1 });
      const keys = [0n, 42n, 2n ** 64n - 1n];
      const sums = sumPhiloxScores(ngrams, keys);
      keys.forEach((key, i) => {
        let sum = 0;
        for (const word of new PhiloxPrf(key).readNgrams(ngrams)) sum -= Math.log1p(-(word >>> 8) / 2 ** 24);
        expect(Math.abs(sums[i]! - sum)).toBeLessThanOrEqual(
          1e-12 * length * Math.max(1, Math.log(length + 1)),
        );
      });
    }
  });
});
