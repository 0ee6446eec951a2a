import { repairText } from '@phalanx/core';
import {
  decodeBase32,
  decodeBase64,
  decodeCharacterCodes,
  decodeEntities,
  decodeEscapes,
  decodeHex,
  decodePercent,
  decodeUnderscores,
} from './decoding.js';

/** Disguises inside one another that are taken off. */
const DEPTH = 4;
/** Readings of one text at most. */
const VIEWS = 48;
/** UTF-16 code units of all readings of one text, times its length and 4,096: none may grow without bound. */
const GROWTH = 24;

/** All readings of a text, and whether there were more than could be looked at. */
export interface Readings {
  /** What somebody wrote: the text and what was encoded in it. */
  readonly written: readonly string[];
  /** How words could be meant that were written so that they are not found. Not for keys and numbers, which it changes. */
  readonly meant: readonly string[];
  /** True: somebody wrapped it oftener than this looks, and a person must. */
  readonly exhausted: boolean;
}

const DECODINGS = [
  decodeUnderscores,
  decodePercent,
  decodeEntities,
  decodeEscapes,
  decodeBase64,
  decodeBase32,
  decodeHex,
  decodeCharacterCodes,
];
const DRESSINGS = [joinSpelt, joinBroken, readDigits, readDigitsOtherwise, turnLetters, turnRound];

/**
 * A text as it stands, as it looks (homoglyphs, zero-width characters: core `repairText`), and as it reads once encodings are undone:
 * percent, HTML entities, backslash escapes, quoted-printable, base64, base32, hexadecimal, character codes, up to four inside
 * one another; then with spelt-out letters joined, broken words mended, digits read as letters, ROT13, and from behind. Linear in the text.
 */
export function listReadings(text: string): Readings {
  const seen = new Set<string>();
  let units = 0;
  let exhausted = false;
  const budget = GROWTH * (text.length + 4096);
  const add = (view: string): boolean => {
    if (seen.has(view)) return false;
    if (seen.size >= VIEWS || units + view.length > budget) {
      exhausted = true;
      return false;
    }
    seen.add(view);
    units += view.length;
    return true;
  };
  let layer = [text, repair(text)].filter(add);
  for (let depth = 0; layer.length > 0; depth++) {
    const next = layer
      .flatMap((view) => DECODINGS.map((decode) => decode(view)))
      .filter((view) => view !== null)
      .map(repair);
    if (depth === DEPTH) {
      exhausted ||= next.some((view) => !seen.has(view));
      break;
    }
    layer = next.filter(add);
  }
  const written = [...seen];
  for (const view of written) for (const dress of DRESSINGS) add(dress(view));
  return { written, meant: [...seen].slice(written.length), exhausted };
}

/** Core leaves invisible characters beside digits and signs, where some orthographies need them; no number does. */
function repair(text: string): string {
  return repairText(
    text.replace(/[\p{Cf}\p{Variation_Selector}\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5/gu, ''),
  ).text;
}

/** "b a n", "b.a.n", "b-a-n": letters spelt out. */
function joinSpelt(text: string): string {
  return text.replace(
    /(?<![\p{L}\p{N}])(?:[\p{L}\p{N}][ .\-_*·•/|]){2,}[\p{L}\p{N}](?![\p{L}\p{N}])/gu,
    (run) => run.replace(/[ .\-_*·•/|]/g, ''),
  );
}

/** "pri-cing", "pri.cing", "pri|cing": a word with something in its middle. */
function joinBroken(text: string): string {
  return text.replace(/(?<=\p{L})[-_.·•|*~^'’‧+\\/]{1,3}(?=\p{L})/gu, '');
}

const LETTER_OF: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '€': 'e',
  '+': 't',
};

/** "b4n", "pr1c3": digits and signs inside a word read as the letters that they look like. */
function readDigits(text: string): string {
  return text.replace(/[\p{L}0134578@$!|€+]{2,64}/gu, (word) =>
    /\p{L}/u.test(word) && !/^\p{L}+$/u.test(word)
      ? [...word].map((one) => LETTER_OF[one] ?? one).join('')
      : word,
  );
}

function readDigitsOtherwise(text: string): string {
  return readDigits(text.replace(/(?<=\p{L})1|1(?=\p{L})/gu, 'l'));
}

/** ROT13. */
function turnLetters(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => {
    const code = letter.charCodeAt(0);
    const base = code < 97 ? 65 : 97;
    return String.fromCharCode(((code - base + 13) % 26) + base);
  });
}

function turnRound(text: string): string {
  return [...text].reverse().join('');
}
