import { describe, expect, it } from 'vitest';
import { findField, guessField, parseField, readTexts } from './text-field.js';

describe('guessField', () => {
  it.each([
    [{ instruction: 'a', input: '', output: 'b' }, 'output', ['b']],
    [{ prompt: 'a', response: 'b' }, 'response', ['b']],
    [{ question: 'a', answer: 'b' }, 'answer', ['b']],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
          { role: 'assistant', content: [{ type: 'text', text: 'c' }] },
        ],
      },
      'messages[*].content',
      ['b', 'c'],
    ],
    [
      {
        conversations: [
          { from: 'human', value: 'a' },
          { from: 'gpt', value: 'b' },
        ],
      },
      'conversations[*].value',
      ['b'],
    ],
    [{ choices: [{ message: { content: 'b' } }] }, 'choices[0].message.content', ['b']],
    [{ text: 'b' }, 'text', ['b']],
  ])('finds the answer of %j', (row, path, texts) => {
    const field = guessField([row]);
    expect(field.path).toBe(path);
    expect(readTexts(row, field)).toEqual(texts);
  });

  it('wants most of the rows to have it', () => {
    expect(guessField([{ output: 'a', text: 'b' }, { text: 'c' }, { text: 'd' }]).path).toBe('text');
  });

  it('says what there is when nothing is known', () => {
    const advice = (error: unknown) => (error as { advice: string }).advice;
    try {
      guessField([{ foo: 'a', bar: 1 }]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ATTRIBUTION_FIELD' });
      expect(advice(error)).toBe('There is foo, bar.');
    }
  });
});

describe('parseField', () => {
  it('reads names, indices from either end and lists', () => {
    const row = { a: { 'b c': [[{ d: 'x' }, { d: 'y' }]] } };
    expect(readTexts(row, parseField('a.b c[0][-1].d'))).toEqual(['y']);
    expect(readTexts(row, parseField('a.b c[0][*].d'))).toEqual(['x', 'y']);
    expect(readTexts(row, parseField('a.b.c'))).toEqual([]);
    expect(readTexts(row, parseField('__proto__.x'))).toEqual([]);
  });

  it('refuses what is no path', () => {
    for (const path of [
      '',
      '.',
      'a..b',
      'a[',
      'a[x]',
      '[',
      'a[1',
      'a'.repeat(300),
      Array(40).fill('a').join('.'),
    ])
      expect(() => parseField(path), path).toThrow(expect.objectContaining({ code: 'ATTRIBUTION_FIELD' }));
  });

  it('takes at most 64 texts of a row', () => {
    const row = { m: Array.from({ length: 200 }, (_, i) => ({ t: `${i}` })) };
    expect(readTexts(row, parseField('m[*].t'))).toHaveLength(64);
  });
});

describe('findField', () => {
  it('refuses a name under which no row has a text', () => {
    expect(findField('a', [{ a: 'x' }]).path).toBe('a');
    expect(findField('a', []).path).toBe('a');
    expect(() => findField('b', [{ a: 'x' }])).toThrow(
      expect.objectContaining({ code: 'ATTRIBUTION_FIELD' }),
    );
  });
});
