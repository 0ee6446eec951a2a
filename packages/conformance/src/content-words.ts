/** The lists of the published fingerprint specification that say what a word is. */
export interface WordLists {
  readonly characterRanges: readonly (readonly [kind: string, ranges: string])[];
  readonly stopWords: readonly string[];
}

/** A prompt as the fingerprint specification reads it. */
export interface ContentWords {
  /** All words joined by spaces: prompts with equal ones have equal hashes. */
  readonly text: string;
  /** The units of section 8 (topics). */
  readonly units: ReadonlySet<string>;
}

/**
 * Content words by sections 4 and 8 of docs/spec/template-fingerprint.md, in plain JavaScript from the published lists:
 * what the detector's sampled topics stand for. Texts up to 64 KiB, as of section 2.
 */
export function makeContentWordReader(lists: WordLists): (text: string) => ContentWords {
  const kinds = new Map<number, string>();
  for (const [kind, ranges] of lists.characterRanges)
    for (const range of ranges.split(' ')) {
      const [low, high = low] = range.split('-').map((digits) => Number.parseInt(digits, 16)) as [
        number,
        number?,
      ];
      for (let point = low; point <= high; point++) kinds.set(point, kind);
    }
  const stops = new Set(lists.stopWords);
  const kindOf = (point: number): string => {
    if (point < 0x10000) return kinds.get(point) ?? 'LETTER';
    if (point >= 0x20000 && point < 0x40000) return 'HAN';
    if (point >= 0xe0000 && point < 0xe1000) return 'DROPPED';
    return point >= 0x1f000 || (point >= 0x1d000 && point < 0x1d250) ? 'SEPARATOR' : 'LETTER';
  };
  const isHan = (word: string | undefined): boolean =>
    word !== undefined && kindOf(word.codePointAt(0)!) === 'HAN';
  return (text) => {
    let spaced = '';
    for (const character of text) {
      let point = character.codePointAt(0)!;
      // A lone surrogate counts as U+FFFD.
      if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
      if (point >= 0xff01 && point <= 0xff5e) point -= 0xfee0;
      const kind = kindOf(point);
      if (kind === 'LETTER' || kind === 'DIGIT') spaced += fold(point);
      else if (kind === 'HAN' || kind === 'KANA') spaced += ` ${String.fromCodePoint(point)} `;
      else if (kind !== 'DROPPED') spaced += ' ';
    }
    const words = spaced.split(' ').filter((word) => word !== '');
    const units = new Set<string>();
    for (const [i, word] of words.entries())
      if (isHan(word)) {
        if (isHan(words[i + 1])) units.add(`${word}${words[i + 1]}`);
      } else if (/^[0-9]/.test(word) || ([...word].length >= 4 && !stops.has(word))) units.add(word);
    return { text: words.join(' '), units };
  };
}

function fold(point: number): string {
  const character = String.fromCodePoint(point);
  const cased =
    (point >= 0x41 && point <= 0x5a) ||
    (point >= 0xc0 && point <= 0x58f) ||
    (point >= 0x1e00 && point <= 0x1fff);
  if (!cased) return character;
  if (character === 'ς') return 'σ';
  return String.fromCodePoint(character.toLowerCase().normalize('NFD').codePointAt(0)!);
}
