import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectNgrams } from '../ngrams.js';
import { cellMiddle, lowerEdge, PrfScheme, SipHashPrf } from './siphash.js';
import { hashPlainly, writeMessage } from './siphash.test.support.js';

const authors: { sip64: string[] } = JSON.parse(
  readFileSync(new URL('../../../sketch/src/fixtures/siphash-vectors.json', import.meta.url), 'utf8'),
);
const count = (size: number) => Uint8Array.from({ length: size }, (_, i) => i);
const key = count(16);
const value = (words: Uint32Array, at: number) =>
  (BigInt(words[2 * at + 1]!) << 32n) | BigInt(words[2 * at]!);

describe('SipHash', () => {
  it('in big integers gives the authors’ vectors', () => {
    authors.sip64.forEach((expected, size) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(hashPlainly(key, count(size)));
      expect(bytes.toString('hex')).toBe(expected);
    });
  });

  it('in the kernel is that of the specified message, for n-grams, candidates and contexts', () => {
    const token = fc.integer({ min: 0, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.constantFrom(...Object.values(PrfScheme)),
        fc.array(token, { maxLength: 16 }),
        fc.array(token, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 6 }),
        (secret, scheme, context, tokens, streams) => {
          const prf = new SipHashPrf(secret, scheme, context.length);
          const width = context.length + 1;
          const rows = tokens.flatMap((last) => [...context, last]);
          const none = new Uint32Array(tokens.length);
          const ngrams = {
            width,
            count: tokens.length,
            tokens: Int32Array.from(rows),
            text: none,
            position: none,
          };
          const read = prf.readNgrams({ ...ngrams, repeated: 0, unscored: 0 }, streams);
          const alone = prf.readContexts({ ...ngrams, repeated: 0, unscored: 0 });
          tokens.forEach((last, i) => {
            for (let stream = 0; stream < streams; stream++) {
              const expected = hashPlainly(secret, writeMessage(scheme, context, last, stream));
              const choices = prf.readTokens(Int32Array.from(context), Int32Array.from(tokens), stream);
              expect(value(read, i * streams + stream)).toBe(expected);
              expect(value(choices, i)).toBe(expected);
            }
            const expected = hashPlainly(secret, writeMessage(scheme, context, 0xffffffff, 0xffffff));
            expect(value(alone, i)).toBe(expected);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads more n-grams than the kernel holds at once', () => {
    const text = Int32Array.from({ length: 150_000 }, (_, i) => Math.imul(i, 2654435761) >>> 8);
    const ngrams = collectNgrams([text], { contextWidth: 1, unit: 'context', padding: null });
    const prf = new SipHashPrf(key, PrfScheme.GUMBEL, 1);
    const read = prf.readNgrams(ngrams);
    const choices = prf.readTokens(Int32Array.of(7), text);
    for (const at of [0, 131_071, 131_072, 140_000]) {
      const row = ngrams.tokens.subarray(2 * at, 2 * at + 2);
      expect(value(read, at)).toBe(hashPlainly(key, writeMessage(1, [row[0]!], row[1]!, 0)));
      expect(value(choices, at)).toBe(hashPlainly(key, writeMessage(1, [7], text[at]!, 0)));
    }
  });

  it('makes numbers in [0, 1) and in (0, 1) of values', () => {
    const words = Uint32Array.of(0, 0, 0xffffffff, 0xffffffff);
    expect(lowerEdge(words, 0)).toBe(0);
    expect(cellMiddle(words, 0)).toBeGreaterThan(0);
    expect(lowerEdge(words, 1)).toBe(1 - 2 ** -52);
    expect(cellMiddle(words, 1)).toBeLessThan(1);
  });

  it('refuses keys of another length', () => {
    expect(() => new SipHashPrf(new Uint8Array(15), 1, 4)).toThrow('16 bytes');
  });
});
