import { showInvisible } from './visible-text.js';

/** What a code point is to normalisation and to words. */
export const CharacterClass = {
  /** Punctuation and symbols. */
  OTHER: 1,
  SPACE: 2,
  /** A space that is neither U+0020 nor a tab. */
  EXOTIC_SPACE: 3,
  LINE_BREAK: 4,
  /** A reader does not see it: what core calls invisible, and variation selectors. */
  INVISIBLE: 5,
  MARK: 6,
  DIGIT: 7,
  /** A letter, digit or sign that is an ASCII one in another dress: full-width, mathematical, circled. */
  DRESSED: 8,
  /** From here on letters, by script. */
  LATIN: 16,
  GREEK: 17,
  CYRILLIC: 18,
  /** A word of its own. */
  HAN: 19,
  /** A word of its own. */
  KANA: 20,
  HANGUL: 21,
  ARABIC: 22,
  HEBREW: 23,
  DEVANAGARI: 24,
  THAI: 25,
  OTHER_LETTER: 31,
} as const;

/** Names of the letter classes, as categories of calibration texts carry them. */
export const SCRIPT_NAMES: ReadonlyMap<number, string> = new Map([
  [CharacterClass.LATIN, 'Latin'],
  [CharacterClass.GREEK, 'Greek'],
  [CharacterClass.CYRILLIC, 'Cyrillic'],
  [CharacterClass.HAN, 'Han'],
  [CharacterClass.KANA, 'Kana'],
  [CharacterClass.HANGUL, 'Hangul'],
  [CharacterClass.ARABIC, 'Arabic'],
  [CharacterClass.HEBREW, 'Hebrew'],
  [CharacterClass.DEVANAGARI, 'Devanagari'],
  [CharacterClass.THAI, 'Thai'],
  [CharacterClass.OTHER_LETTER, 'other'],
]);

const SCRIPTS: readonly (readonly [RegExp, number])[] = [
  [/\p{Script=Latin}/u, CharacterClass.LATIN],
  [/\p{Script=Greek}/u, CharacterClass.GREEK],
  [/\p{Script=Cyrillic}/u, CharacterClass.CYRILLIC],
  [/\p{Script=Han}/u, CharacterClass.HAN],
  [/\p{Script=Hiragana}|\p{Script=Katakana}|\u30FC/u, CharacterClass.KANA],
  [/\p{Script=Hangul}/u, CharacterClass.HANGUL],
  [/\p{Script=Arabic}/u, CharacterClass.ARABIC],
  [/\p{Script=Hebrew}/u, CharacterClass.HEBREW],
  [/\p{Script=Devanagari}/u, CharacterClass.DEVANAGARI],
  [/\p{Script=Thai}/u, CharacterClass.THAI],
];

/** Classes met so far, 0 for none: a property lookup costs some 300 ns, and texts repeat their letters. */
const known = new Uint8Array(0x110000);

/** Below stand superscripts and ordinals, which people write ("m²", "1º"). */
const FIRST_DISGUISE = 0x2100;

/** Class of a code point in [0, 0x10FFFF], a lone surrogate included; from the Unicode version of this Node. */
export function classOf(codePoint: number): number {
  const found = known[codePoint]!;
  return found !== 0 ? found : (known[codePoint] = findClass(codePoint));
}

/** Whether a class is a letter of any script. */
export function isLetter(characterClass: number): boolean {
  return characterClass >= CharacterClass.LATIN;
}

function findClass(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (codePoint === 0x20 || codePoint === 0x09) return CharacterClass.SPACE;
  if (/[\n\r\u0085\u2028\u2029]/.test(character)) return CharacterClass.LINE_BREAK;
  if (/[\v\f\p{Zs}]/u.test(character)) return CharacterClass.EXOTIC_SPACE;
  if (showInvisible(character) !== character || /\p{Variation_Selector}/u.test(character))
    return CharacterClass.INVISIBLE;
  if (codePoint >= FIRST_DISGUISE && /^[!-~]$/.test(character.normalize('NFKC')))
    return CharacterClass.DRESSED;
  if (/\p{Nd}/u.test(character)) return CharacterClass.DIGIT;
  if (/\p{M}/u.test(character)) return CharacterClass.MARK;
  if (!/\p{L}|\p{Nl}/u.test(character)) return CharacterClass.OTHER;
  return SCRIPTS.find(([script]) => script.test(character))?.[1] ?? CharacterClass.OTHER_LETTER;
}
