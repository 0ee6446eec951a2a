import { CharacterClass, classOf, isLetter, SCRIPT_NAMES } from '@phalanx/core';
import type { TextKind } from './normalised-text.js';

/** The words of a normalised text. */
export interface WordList {
  /** Words and single signs in order; spaces and line breaks are left out. */
  readonly tokens: readonly string[];
  /** Whether each token is a word or number (1) or a sign (0). */
  readonly isWord: Uint8Array;
  /** Length of the text as limits count it: words of prose, tokens of code. A Han or kana character is a word. */
  readonly length: number;
  /** Script of most letters; "code" for code, "none" where there is no letter. */
  readonly script: string;
}

/** A run without spaces is cut here, so that neither a hash nor Thai makes one word of a page. */
const MAX_WORD_CHARS = 32;

/** Cuts a normalised text into words and signs, in one pass. Prose keeps apostrophes within words, code underscores. */
export function listWords(text: string, kind: TextKind): WordList {
  const tokens: string[] = [];
  const isWord: number[] = [];
  const letters = new Uint32Array(32);
  let words = 0;
  let start = -1;
  const endWord = (at: number) => {
    if (start < 0) return;
    tokens.push(text.slice(start, at));
    isWord.push(1);
    words++;
    start = -1;
  };
  for (let at = 0; at < text.length; ) {
    const codePoint = text.codePointAt(at)!;
    const next = at + (codePoint > 0xffff ? 2 : 1);
    const found = classOf(codePoint);
    if (isLetter(found)) letters[found]!++;
    const alone = found === CharacterClass.HAN || found === CharacterClass.KANA;
    if (isLetter(found) || found === CharacterClass.DIGIT || found === CharacterClass.MARK) {
      if (alone || next - start > MAX_WORD_CHARS) endWord(at);
      if (start < 0) start = at;
      if (alone) endWord(next);
    } else if (start >= 0 && joins(text, next, codePoint, kind)) {
      // Stays within the word.
    } else {
      endWord(at);
      if (found !== CharacterClass.SPACE && found !== CharacterClass.LINE_BREAK) {
        tokens.push(text.slice(at, next));
        isWord.push(0);
      }
    }
    at = next;
  }
  endWord(text.length);
  let script = kind === 'code' ? 'code' : 'none';
  if (kind === 'text') {
    let most = 0;
    for (const [letter, name] of SCRIPT_NAMES)
      if (letters[letter]! > most) {
        most = letters[letter]!;
        script = name;
      }
  }
  return {
    tokens,
    isWord: Uint8Array.from(isWord),
    length: kind === 'code' ? tokens.length : words,
    script,
  };
}

function joins(text: string, next: number, codePoint: number, kind: TextKind): boolean {
  if (kind === 'code') return codePoint === 0x5f;
  return codePoint === 0x27 && next < text.length && isLetter(classOf(text.charCodeAt(next)));
}
