import { expect, it } from 'vitest';
import { MAX_TEXT_CHARS } from './limits.js';
import { listWords } from './word-list.js';

it('cuts words and signs, with their script', () => {
  const list = listWords("don't stop - it's 'ok' 42", 'text');
  expect(list.tokens).toEqual(["don't", 'stop', '-', "it's", "'", 'ok', "'", '42']);
  expect([...list.isWord]).toEqual([1, 1, 0, 1, 0, 1, 0, 1]);
  expect([list.length, list.script]).toEqual([5, 'Latin']);
});

it('keeps identifiers and counts signs in code', () => {
  const list = listWords('my_var2 = f(x);\n\treturn', 'code');
  expect(list.tokens).toEqual(['my_var2', '=', 'f', '(', 'x', ')', ';', 'return']);
  expect([list.length, list.script]).toEqual([8, 'code']);
});

it('takes ideographs and kana one by one, and cuts what never ends', () => {
  expect(listWords('今日はGPUだ。', 'text').tokens).toEqual(['今', '日', 'は', 'GPU', 'だ', '。']);
  expect(listWords('今日', 'text')).toMatchObject({ length: 2, script: 'Han' });
  expect(listWords('x'.repeat(MAX_TEXT_CHARS), 'text').length).toBe(MAX_TEXT_CHARS / 32);
  expect(listWords('', 'text')).toMatchObject({ tokens: [], length: 0, script: 'none' });
  expect(listWords('𐐀𐐁 is Deseret', 'text').tokens).toEqual(['𐐀𐐁', 'is', 'Deseret']);
});
