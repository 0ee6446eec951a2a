/** A letter sequence, one digit, or one sign. */
const WORD = /[\p{L}\p{M}]+|\p{N}|[^\s\p{L}\p{M}\p{N}]/gu;

/**
 * Texts as ids of their most frequent words, lower case: 1 the most frequent, up to `vocabularySize` - 1; 0 for all others. Ties go to the word that comes
 * first. Good for counting; a text cannot be had back.
 */
export function encodeWords(texts: readonly string[], vocabularySize: number): Int32Array[] {
  const split = texts.map((text) => text.toLowerCase().match(WORD) ?? []);
  const counts = new Map<string, number>();
  for (const words of split) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, vocabularySize - 1);
  const ids = new Map(frequent.map(([word], rank) => [word, rank + 1]));
  return split.map((words) => Int32Array.from(words, (word) => ids.get(word) ?? 0));
}
