/**
 * Characters that a reader cannot see or that move what comes after them: controls, zero-width characters, bidirectional
 * overrides and isolates (Unicode TR9), line and paragraph separators, spaces that look like others or like nothing, the
 * byte-order mark, tags and lone surrogates. An account name is chosen by the person under suspicion: it must not rewrite
 * the line that names it, on a terminal or in a report.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cs}\u00AD\u061C\u115F\u1160\u180E\u200B-\u200F\u2028-\u202E\u205F-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E0FFF}]|\u034F|\u17B4|\u17B5/gu;

/** Text with every such character as its code point, `\u{202e}`. Letters of any script pass; no line break remains. */
export function showInvisible(text: string): string {
  return text.replace(INVISIBLE, spellOut);
}

/** At most `limit` code points (3 or more) of `showInvisible(text)`; one ellipsis stands for the middle of a longer text. */
export function shortenText(text: string, limit: number): string {
  const shown = [...showInvisible(text)];
  if (shown.length <= limit) return shown.join('');
  const head = Math.ceil((limit - 1) / 2);
  return `${shown.slice(0, head).join('')}…${shown.slice(shown.length - (limit - 1 - head)).join('')}`;
}

/** One character as `\u{hex}`. */
export function spellOut(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
