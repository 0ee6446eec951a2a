import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTokenizer } from './tokenizer.js';

const file = readFileSync(new URL('../fixtures/byte-vocabulary.json', import.meta.url));
const tokenizer = openTokenizer(file);

describe('tokenizer', () => {
  it('spells what it read, special names as text', () => {
    const text = 'the the<|endoftext|>';
    const tokens = tokenizer.encode(text);
    expect(tokenizer.decode(tokens)).toBe(text);
    expect(tokenizer.vocabularySize).toBe(263);
    expect([...tokens]).not.toContain(262);
    expect(tokenizer.sha256).toBe(createHash('sha256').update(file).digest('hex'));
  });

  it('says where each token begins, in code units', () => {
    expect([...tokenizer.locate('the the', tokenizer.encode('the the'))!]).toEqual([0, 3, 7]);
    const text = 'é👍a';
    const tokens = tokenizer.encode(text);
    expect(tokens.length).toBe(7);
    expect([...tokenizer.locate(text, tokens)!]).toEqual([0, 0, 1, 1, 1, 1, 3, 4]);
    expect(tokenizer.locate('other', tokens)).toBeNull();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (any) => {
        const starts = tokenizer.locate(any, tokenizer.encode(any))!;
        expect(starts.at(-1)).toBe(any.length);
        expect([...starts].every((start, i) => i === 0 || start >= starts[i - 1]!)).toBe(true);
      }),
    );
  });

  it('refuses what it cannot read', () => {
    expect(() => openTokenizer(new Uint8Array(10))).toThrow(
      expect.objectContaining({ code: 'MARK_PROFILE' }),
    );
    expect(() => tokenizer.decode(Int32Array.of(999))).toThrow(
      expect.objectContaining({ code: 'MARK_ARGUMENT' }),
    );
  });

  it('takes a long run in linear time', () => {
    const time = (size: number) => {
      const start = process.cpuUsage();
      tokenizer.encode('a'.repeat(size));
      return process.cpuUsage(start).user / 1000;
    };
    time(10_000);
    // Quadratic time would be 1,600 times as long as that of 50,000, several minutes.
    expect(time(2_000_000)).toBeLessThan(20_000);
  });
});
