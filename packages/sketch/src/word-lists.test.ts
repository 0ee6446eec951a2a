import { describe, expect, it } from 'vitest';
import { foldCodePoint } from './character-classes.js';
import { LEXICON, PROBLEM_CUES } from './lexicon.js';
import { OPENING_WORDS } from './opening-words.js';
import { STOP_WORDS } from './stop-words.js';

const fold = (word: string) =>
  [...word].map((c) => String.fromCodePoint(foldCodePoint(c.codePointAt(0)!))).join('');

describe('word lists', () => {
  it('put no opening word in two classes, as their trie values would mix', () => {
    const all = Object.values(OPENING_WORDS).flatMap((list) => [...new Set(list.map(fold))]);
    expect(all.filter((word, i) => all.indexOf(word) !== i)).toEqual([]);
  });

  it('name an opening by one word', () => {
    for (const word of Object.values(OPENING_WORDS).flat())
      expect(word).toMatch(/^(?:\p{Script=Han}|[\p{Script=Latin}\p{Script=Cyrillic}]+)$/u);
  });

  it('hold stop words of at least four letters, once each', () => {
    expect(new Set(STOP_WORDS).size).toBe(STOP_WORDS.length);
    for (const word of STOP_WORDS) expect(word).toMatch(/^[a-z]{4,}$/);
  });

  it('hold no empty and no repeated phrase within an intent', () => {
    for (const list of [...Object.values(LEXICON), PROBLEM_CUES]) {
      expect(new Set(list).size).toBe(list.length);
      for (const phrase of list) expect(phrase.length).toBeGreaterThan(0);
    }
  });
});
