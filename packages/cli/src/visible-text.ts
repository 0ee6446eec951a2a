/**
 * Characters that a reader cannot see or that move what comes after them: C0 and C1 controls, zero-width characters,
 * bidirectional overrides and isolates (Unicode TR9), line and paragraph separators, the byte-order mark, tags and lone
 * surrogates. An account id is chosen by the person under suspicion, so it must not rewrite the line that names it.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cs}\u00AD\u061C\u115F\u1160\u180E\u200B-\u200F\u2028-\u202E\u205F-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E0FFF}]|\u034F|\u17B4|\u17B5/gu;

/**
 * Text from data with every invisible or direction-changing character replaced by its code point in words, such as
 * `\u{202e}`. Letters of any script pass unchanged; the result never holds a line break.
 */
export function showInvisible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/**
 * `showInvisible`, then at most `limit` characters (code points, >= 3): the middle of a longer text becomes one ellipsis,
 * because ids usually differ at an end.
 */
export function shortenText(text: string, limit: number): string {
  const shown = [...showInvisible(text)];
  if (shown.length <= limit) return shown.join('');
  const head = Math.ceil((limit - 1) / 2);
  return `${shown.slice(0, head).join('')}…${shown.slice(shown.length - (limit - 1 - head)).join('')}`;
}
