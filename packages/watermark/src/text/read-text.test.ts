import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readText } from './read-text.js';
import { openTokenizer } from './tokenizer.js';

const tokenizer = openTokenizer(readFileSync(new URL('../fixtures/byte-vocabulary.json', import.meta.url)));

describe('texts to be read', () => {
  it('are undone what was done to hide them', () => {
    const plain = readText(tokenizer, 'the paper on cocoa');
    // Cyrillic letters that look Latin, and a zero-width space.
    const altered = readText(tokenizer, 'the p\u0430per\u200b on c\u043ec\u043ea');
    expect(altered.text).toBe('the paper on cocoa');
    expect(altered.tokens).toEqual(plain.tokens);
    expect(altered.repairs).toMatchObject({ homoglyphs: 3, invisible: 1 });
  });

  it('stay as they are when nothing was hidden, whatever their script or spaces', () => {
    for (const text of ['Это по-русски', 'l\u00a0an passé\u202f!', 'e\u0301 decomposed', 'नमस्ते\u200dजी']) {
      const read = readText(tokenizer, text);
      expect([read.text, read.repairs]).toEqual([text, null]);
    }
  });

  it('lose double spaces where most gaps are double, and keep a table', () => {
    expect(readText(tokenizer, 'the  then  the').text).toBe('the then the');
    const table = 'a b c d e\nf    g h i j\n    indented by four';
    expect(readText(tokenizer, table)).toMatchObject({ text: table, repairs: null });
  });

  it('take linear time, whatever runs they hold', () => {
    const start = process.cpuUsage();
    readText(tokenizer, `${' '.repeat(300_000)}a${' '.repeat(300_000)}`);
    readText(tokenizer, 'a  '.repeat(200_000));
    // Quadratic time on 300,000 spaces would be minutes.
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(20_000);
  });

  it('are masked by what they say after repair', () => {
    const { mask, starts, text } = readText(tokenizer, 'see `the` so', ['code']);
    const shown = [...mask!].map((bit, i) => (bit ? text.slice(starts![i], starts![i + 1]) : '')).join('');
    expect(shown).toBe('see  so');
  });
});
