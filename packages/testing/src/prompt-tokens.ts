// A CJK character is a word of its own; elsewhere a word is a run of letters with inner apostrophes, or of digits.
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|\p{L}+(?:['\u2019]\p{L}+)*|\p{N}+/gu;

/** Where the words of a text are: [start, end) pairs of UTF-16 offsets, flattened. */
export function findWords(text: string): number[] {
  const spans: number[] = [];
  for (const match of text.matchAll(WORD)) spans.push(match.index, match.index + match[0].length);
  return spans;
}

/** The lower-cased words of a text, at most `limit`. */
export function listWords(text: string, limit = Number.POSITIVE_INFINITY): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(WORD)) {
    if (words.length >= limit) break;
    words.push(match[0].toLowerCase());
  }
  return words;
}
