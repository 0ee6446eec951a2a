import { type Repairs as CharacterRepairs, repairText } from '@phalanx/core';
import { MAX_RAW_CHARS, MAX_TEXT_CHARS } from './limits.js';

/** Which features and which whitespace a text has: prose of any language, or source code of any language. */
export type TextKind = 'text' | 'code';

/** What normalisation changed, in characters. */
export interface Repairs extends CharacterRepairs {
  /** Runs of two or more spaces within a line of prose. Some people write two after a full stop. */
  readonly spaceRuns: number;
}

export interface NormalisedText {
  /** At most 65,536 UTF-16 units, NFC. */
  readonly text: string;
  readonly repairs: Repairs;
  /** True when the rest of a longer text was not read. */
  readonly truncated: boolean;
}

/**
 * Text as it is learned from and scored: homoglyphs, dressed letters and exotic spaces are read as what they look like,
 * invisible characters are dropped, curly quotation marks and the ellipsis become ASCII, the rest is NFC.
 *
 * Prose loses its line breaks and its runs of spaces. Code keeps lines; indentation becomes its depth in tabs, so that
 * no formatter's width shows. Letters keep their case. Linear in the text.
 */
export function normaliseText(raw: string, kind: TextKind): NormalisedText {
  const repaired = repairText(raw.slice(0, MAX_RAW_CHARS), FOLDED);
  const { text, spaceRuns } = kind === 'text' ? joinLines(repaired.text) : levelLines(repaired.text);
  return {
    text: text.slice(0, MAX_TEXT_CHARS),
    repairs: { ...repaired.repairs, spaceRuns },
    truncated: raw.length > MAX_RAW_CHARS || text.length > MAX_TEXT_CHARS,
  };
}

/** Quotation marks and the ellipsis, which editors set by themselves. */
const FOLDED: ReadonlyMap<number, string> = new Map(
  Object.entries({ "'": '‘’‚‛ʼ', '"': '“”„‟', '...': '…' }).flatMap(([as, marks]) =>
    [...marks].map((mark) => [mark.codePointAt(0)!, as] as const),
  ),
);

function joinLines(text: string): { text: string; spaceRuns: number } {
  let out = '';
  let spaceRuns = 0;
  let spaces = 0;
  let broken = false;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const unit = at < text.length ? text.charCodeAt(at) : -1;
    if (unit === 0x20 || unit === 0x09 || unit === 0x0a) {
      if (spaces++ === 0) out += text.slice(from, at);
      broken ||= unit === 0x0a;
      continue;
    }
    if (spaces > 0) {
      if (spaces > 1 && !broken && unit !== -1 && out !== '') spaceRuns++;
      if (unit !== -1 && out !== '') out += ' ';
      spaces = 0;
      broken = false;
      from = at;
    }
  }
  return { text: from < text.length ? out + text.slice(from) : out, spaceRuns };
}

const TAB_WIDTH = 4;
const MAX_DEPTH = 16;

function levelLines(text: string): { text: string; spaceRuns: number } {
  const lines: string[] = [];
  const widths: number[] = [];
  for (const line of text.split('\n')) {
    let at = 0;
    let width = 0;
    for (; at < line.length && (line[at] === ' ' || line[at] === '\t'); at++)
      width += line[at] === '\t' ? TAB_WIDTH : 1;
    const words = joinLines(line.slice(at)).text;
    if (words === '') {
      if (lines.length > 0 && lines.at(-1) !== '') lines.push('');
      continue;
    }
    while (widths.length > 0 && widths.at(-1)! >= width) widths.pop();
    lines.push('\t'.repeat(Math.min(widths.length, MAX_DEPTH)) + words);
    widths.push(width);
  }
  while (lines.at(-1) === '') lines.pop();
  return { text: lines.join('\n'), spaceRuns: 0 };
}
