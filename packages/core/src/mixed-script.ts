import { CharacterClass, classOf, isLetter } from './character-class.js';
import { TO_CYRILLIC, TO_GREEK, TO_LATIN } from './confusables.js';

/** A text whose words are of one script again, and how many letters that took. */
export interface UnmixedText {
  readonly text: string;
  readonly homoglyphs: number;
}

/**
 * Gives words that mix Latin with Cyrillic or Greek back to one script, where every foreign letter of the word has a
 * likeness there. A word that could be either goes to the script that most letters of the text are in. Words of one
 * script stay as they are, so honest Russian or Greek is untouched; only once a mostly Latin text has shown a mixed
 * word are its words made of likenesses alone ("а", "сор") read as Latin too. Linear in the text.
 */
export function unmixScripts(text: string): UnmixedText {
  const words = findLetterRuns(text);
  const letters = { latin: 0, greek: 0, cyrillic: 0 };
  for (const { latin, greek, cyrillic } of words) {
    letters.latin += latin;
    letters.greek += greek;
    letters.cyrillic += cyrillic;
  }
  const mostlyLatin = letters.latin >= letters.greek + letters.cyrillic;
  const mixed = words.filter((word) => word.latin > 0 && word.greek + word.cyrillic > 0);
  const changes = new Map<LetterRun, string>();
  for (const word of mixed) {
    const unmixed = unmixWord(word, mostlyLatin);
    if (unmixed !== null) changes.set(word, unmixed);
  }
  if (changes.size > 0 && mostlyLatin)
    for (const word of words)
      if (word.latin === 0 && word.greek + word.cyrillic > 0) {
        const latin = mapWord(word.letters, TO_LATIN, CharacterClass.LATIN);
        if (latin !== null) changes.set(word, latin);
      }
  let out = '';
  let from = 0;
  let homoglyphs = 0;
  for (const word of words) {
    const change = changes.get(word);
    if (change === undefined) continue;
    out += text.slice(from, word.start) + change;
    from = word.start + word.letters.length;
    for (let i = 0; i < change.length; i++) if (change[i] !== word.letters[i]) homoglyphs++;
  }
  return { text: out + text.slice(from), homoglyphs };
}

interface LetterRun {
  readonly start: number;
  readonly letters: string;
  readonly latin: number;
  readonly greek: number;
  readonly cyrillic: number;
}

/** Runs of letters and marks that hold a letter of one of the three scripts. All of these are single UTF-16 units. */
function findLetterRuns(text: string): LetterRun[] {
  const runs: LetterRun[] = [];
  let start = -1;
  let latin = 0;
  let greek = 0;
  let cyrillic = 0;
  for (let at = 0; at <= text.length; at++) {
    const found = at < text.length ? classOf(text.charCodeAt(at)) : 0;
    if (isLetter(found) || found === CharacterClass.MARK) {
      if (start < 0) start = at;
      if (found === CharacterClass.LATIN) latin++;
      else if (found === CharacterClass.GREEK) greek++;
      else if (found === CharacterClass.CYRILLIC) cyrillic++;
    } else if (start >= 0) {
      if (latin + greek + cyrillic > 0)
        runs.push({ start, letters: text.slice(start, at), latin, greek, cyrillic });
      start = -1;
      latin = greek = cyrillic = 0;
    }
  }
  return runs;
}

function unmixWord(word: LetterRun, mostlyLatin: boolean): string | null {
  const latin = mapWord(word.letters, TO_LATIN, CharacterClass.LATIN);
  if (latin !== null && mostlyLatin) return latin;
  const home = word.cyrillic >= word.greek ? CharacterClass.CYRILLIC : CharacterClass.GREEK;
  const twins = home === CharacterClass.CYRILLIC ? TO_CYRILLIC : TO_GREEK;
  return mapWord(word.letters, twins, home) ?? latin;
}

/** The word with every letter that is not of the script `home` replaced; null when one has no likeness. */
function mapWord(letters: string, likenesses: ReadonlyMap<string, string>, home: number): string | null {
  let out = '';
  for (const letter of letters) {
    const found = classOf(letter.codePointAt(0)!);
    const likeness = found === home || found === CharacterClass.MARK ? letter : likenesses.get(letter);
    if (likeness === undefined) return null;
    out += likeness;
  }
  return out;
}
