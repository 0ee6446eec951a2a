import { createHash } from 'node:crypto';
import { MAX_ALPHABET, MAX_TEXT_CHARS } from './limits.js';
import { normaliseText, type Repairs, type TextKind } from './normalised-text.js';
import { listWords, type WordList } from './word-list.js';

/** A text as all members of the ensemble see it. */
export interface PreparedText extends WordList {
  readonly kind: TextKind;
  /** Normalised, case kept. */
  readonly text: string;
  /** What is hashed and modelled: prose in lower case, so that a changed case changes nothing; code as it is. */
  readonly folded: string;
  readonly repairs: Repairs;
  readonly truncated: boolean;
}

export function prepareText(raw: string, kind: TextKind): PreparedText {
  const { text, repairs, truncated } = normaliseText(raw, kind);
  const folded = foldCase(text, kind);
  return { kind, text, folded, repairs, truncated, ...listWords(folded, kind) };
}

/** A text as it came, but for its line breaks where it is prose, as `measureScore` compares it. */
export function prepareUnrepaired(raw: string, kind: TextKind): PreparedText {
  const cut = raw.slice(0, MAX_TEXT_CHARS);
  const text = kind === 'text' ? cut.replace(/[\r\n]+/g, ' ') : cut;
  const repairs = { homoglyphs: 0, invisible: 0, exoticSpaces: 0, spaceRuns: 0 };
  return {
    kind,
    text,
    folded: foldCase(text, kind),
    repairs,
    truncated: false,
    ...listWords(foldCase(text, kind), kind),
  };
}

function foldCase(text: string, kind: TextKind): string {
  return kind === 'text' ? text.toLowerCase() : text;
}

/** First 8 bytes of the SHA-256 of the folded text: by it a model knows texts that it was made of. */
export function fingerprintOf(text: PreparedText): bigint {
  return createHash('sha256').update(text.folded, 'utf16le').digest().readBigUInt64BE();
}

/** A symbol that is in no alphabet. */
export const UNKNOWN = 0;
/** Stands before a text. */
export const BOUNDARY = 1;

/** The most frequent UTF-16 units of texts, at most 509, ascending: symbol i + 2 is unit i. Ties go to the lower unit. */
export function chooseAlphabet(texts: readonly PreparedText[]): Uint16Array {
  const counts = new Float64Array(65536);
  for (const { folded } of texts) for (let i = 0; i < folded.length; i++) counts[folded.charCodeAt(i)]!++;
  const units = [...counts.keys()].filter((unit) => counts[unit]! > 0);
  units.sort((a, b) => counts[b]! - counts[a]! || a - b);
  return Uint16Array.from(units.slice(0, MAX_ALPHABET - 2)).sort();
}

/** Turns texts into symbols of one alphabet. */
export class SymbolCoder {
  readonly #symbols = new Uint16Array(65536);
  /** Symbols there are, `UNKNOWN` and `BOUNDARY` included. */
  readonly size: number;

  constructor(alphabet: Uint16Array) {
    alphabet.forEach((unit, i) => {
      this.#symbols[unit] = i + 2;
    });
    this.size = alphabet.length + 2;
  }

  /** One symbol a UTF-16 unit. */
  encode(text: string): Uint16Array {
    const out = new Uint16Array(text.length);
    for (let i = 0; i < text.length; i++) out[i] = this.#symbols[text.charCodeAt(i)]!;
    return out;
  }
}
