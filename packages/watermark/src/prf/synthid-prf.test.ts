import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepExactly, unfold } from '../dialects/synthid.test.support.js';
import { hashRows, SynthidPrf } from './synthid-hash.js';
import { SynthidTablePrf } from './synthid-table.js';

const tokens = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 5, maxLength: 40 });
const keyLists = (limit: number) =>
  fc.uniqueArray(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), { minLength: 1, maxLength: limit });

const bitsOf = (words: Uint32Array, depth: number) => {
  const size = Math.ceil(depth / 32);
  return Array.from({ length: words.length / size }, (_, row) =>
    Array.from({ length: depth }, (_, l) => (words[row * size + (l >>> 5)]! >>> (l & 31)) & 1),
  );
};

function hashExactly(row: Int32Array, start: bigint): bigint {
  return row.reduce((hash, token) => stepExactly(hash, BigInt(token)), start);
}

function shiftExactly(hash: bigint, key: bigint): number {
  let v = BigInt.asIntN(64, stepExactly(hash, key));
  for (let round = 0; round < 12; round++)
    v = BigInt.asIntN(64, stepExactly(BigInt.asUintN(64, v), 1n)) >> 5n;
  return Number((v >> 30n) & 1n);
}

describe('the hash of DeepMind’s tournament', () => {
  it('is what exact arithmetic says, for any keys, depth and width', () => {
    fc.assert(
      fc.property(tokens, keyLists(64), fc.integer({ min: 2, max: 5 }), (list, keys, width) => {
        const text = Int32Array.from(list);
        const ngrams = unfold(text, width);
        const prf = new SynthidPrf(keys);
        const bytes = Buffer.alloc(8 * keys.length);
        for (const [i, key] of keys.entries()) bytes.writeBigInt64LE(key, 8 * i);
        const digest = createHash('sha256').update(bytes).digest('hex');
        expect(prf.start).toBe(BigInt(`0x${digest}`) % (2n ** 63n - 1n));
        const hashes = Array.from({ length: ngrams.count }, (_, row) =>
          hashExactly(ngrams.tokens.subarray(row * width, (row + 1) * width), prf.start),
        );
        expect([...hashRows(ngrams.tokens, width, prf.start)]).toEqual(hashes);
        const bits = hashes.map((hash) => keys.map((key) => shiftExactly(hash, key)));
        expect(bitsOf(prf.readNgrams(ngrams), keys.length)).toEqual(bits);
        const context = text.subarray(0, width - 1);
        const next = prf.readTokens(context, text.subarray(width - 1, width));
        expect(bitsOf(next, keys.length)).toEqual([bits[0]]);
      }),
      { numRuns: 60 },
    );
  });

  it('reads more rows than its kernel holds, and two keys in turn', () => {
    const text = Int32Array.from({ length: 140_000 }, (_, i) => Math.imul(i, 40503) >>> 15);
    const ngrams = unfold(text, 5);
    const a = new SynthidPrf([1n, 2n, 3n]);
    const b = new SynthidPrf([4n, 5n, 6n]);
    const words = a.readNgrams(ngrams);
    expect(b.readNgrams(ngrams)).not.toEqual(words);
    for (const row of [0, 26_213, 26_214, 60_000, 139_995]) {
      const hash = hashExactly(text.subarray(row, row + 5), a.start);
      expect(bitsOf(words.subarray(row, row + 1), 3)[0]).toEqual(
        [1n, 2n, 3n].map((k) => shiftExactly(hash, k)),
      );
    }
    expect(a.readTokens(text.subarray(0, 4), text).length).toBe(140_000);
  });

  it('refuses keys that are none, and says nothing of them', () => {
    for (const keys of [[], [2n ** 63n], [7n, 7n], Array.from({ length: 65 }, (_, i) => BigInt(i))])
      expect(() => new SynthidPrf(keys)).toThrow(/keys|key/);
  });
});

describe('the table of Hugging Face’s tournament', () => {
  it('is looked up where exact arithmetic says', () => {
    fc.assert(
      fc.property(tokens, keyLists(64), fc.integer({ min: 8, max: 16 }), (list, keys, exponent) => {
        const table = Uint8Array.from(
          { length: 2 ** exponent },
          (_, i) => (Math.imul(i, 0x9e3779b1) >>> 20) & 1,
        );
        const prf = new SynthidTablePrf(keys, table);
        const ngrams = unfold(Int32Array.from(list), 5);
        const expected = Array.from({ length: ngrams.count }, (_, row) => {
          const hash = hashExactly(ngrams.tokens.subarray(row * 5, row * 5 + 5), 1n);
          return keys.map((key) => table[Number(stepExactly(hash, key) % BigInt(table.length))]);
        });
        const cells = prf.findCells(ngrams);
        expect(bitsOf(prf.readCells(cells), keys.length)).toEqual(expected);
        const context = ngrams.tokens.subarray(0, 4);
        expect(prf.findTokenCells(context, ngrams.tokens.subarray(4, 5))[0]).toBe(cells[0]);
      }),
      { numRuns: 60 },
    );
  });

  it('gives many n-grams what it gives few', () => {
    const table = Uint8Array.from({ length: 256 }, (_, i) => (i * i) & 1);
    const few = new SynthidTablePrf([3n, -9n, 2n ** 40n], table);
    const many = new SynthidTablePrf([3n, -9n, 2n ** 40n], table);
    const cells = Uint32Array.from({ length: 1000 }, (_, i) => (i * 77) & 255);
    const words = many.readCells(cells);
    for (let i = 0; i < 1000; i++) expect(words[i]).toBe(few.readCells(cells.subarray(i, i + 1))[0]);
  });
});
