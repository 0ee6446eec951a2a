import { CharacterClass, classOf } from './character-class.js';
import { unmixScripts } from './mixed-script.js';

/** What a repair changed, in characters. People write none of the first two by hand. */
export interface Repairs {
  /** Letters of another script, or in another dress (full-width, mathematical), read as the ones they look like. */
  readonly homoglyphs: number;
  /** Invisible characters beside a letter of Latin, Greek or Cyrillic, where no orthography needs them; stacked marks. */
  readonly invisible: number;
  /** Spaces other than U+0020 and tab. Word processors and French write them. */
  readonly exoticSpaces: number;
}

/** A letter carries up to three marks in Vietnamese and pointed Hebrew. Longer runs would also make NFC quadratic. */
const MAX_MARKS = 4;

/**
 * Text as it looks: homoglyphs, dressed letters and exotic spaces are read as what they look like, invisible characters are dropped, line
 * breaks are U+000A, the rest is NFC. Undoes what is done to a text so that it reads the same and compares as another.
 * Linear in the text.
 *
 * @param folded code points to write otherwise besides, as quotation marks that editors set by themselves
 */
export function repairText(
  raw: string,
  folded: ReadonlyMap<number, string> = new Map(),
): { readonly text: string; readonly repairs: Repairs } {
  const { text, dressed, invisible, exoticSpaces } = cleanCharacters(raw, folded);
  const unmixed = unmixScripts(text.normalize('NFD'));
  return {
    text: unmixed.text.normalize('NFC'),
    repairs: { homoglyphs: unmixed.homoglyphs + dressed, invisible, exoticSpaces },
  };
}

function cleanCharacters(text: string, folded: ReadonlyMap<number, string>) {
  let out = '';
  let dressed = 0;
  let invisible = 0;
  let exoticSpaces = 0;
  let marks = 0;
  let before = 0;
  let pending = 0;
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; ) {
    const codePoint = text.codePointAt(at)!;
    const length = codePoint > 0xffff ? 2 : 1;
    const found = classOf(codePoint);
    if (found === CharacterClass.INVISIBLE) {
      if (isAlphabetic(before)) invisible++;
      else pending++;
    } else if (found === CharacterClass.MARK && ++marks > MAX_MARKS) {
      invisible++;
    } else {
      const as = found === CharacterClass.DRESSED ? undress(codePoint) : folded.get(codePoint);
      if (isAlphabetic(found)) invisible += pending;
      pending = 0;
      if (found !== CharacterClass.MARK) marks = 0;
      if (found === CharacterClass.DRESSED) {
        if (/[0-9A-Za-z]/.test(as!)) dressed++;
        out += as;
      } else if (found === CharacterClass.EXOTIC_SPACE) {
        exoticSpaces++;
        out += ' ';
      } else if (found === CharacterClass.LINE_BREAK) {
        if (!(codePoint === 0x0a && text.charCodeAt(at - 1) === 0x0d)) out += '\n';
      } else out += as ?? text.slice(at, at + length);
      before = found;
    }
    at += length;
  }
  return { text: out, dressed, invisible, exoticSpaces };
}

function undress(codePoint: number): string {
  return String.fromCodePoint(codePoint).normalize('NFKC');
}

function isAlphabetic(characterClass: number): boolean {
  return characterClass >= CharacterClass.LATIN && characterClass <= CharacterClass.CYRILLIC;
}
