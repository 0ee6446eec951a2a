/** Class of a code point, as the kernel's table stores it. Not listed below: letter. */
export const CharacterClass = {
  SEPARATOR: 0,
  LETTER: 1,
  DIGIT: 2,
  /** Vanishes without ending the word: zero-width and combining characters. */
  DROPPED: 3,
  /** A word of its own. */
  HAN: 4,
  /** A word of its own. */
  KANA: 5,
  /** A separator that the shape ignores at both ends. */
  SPACE: 6,
  /** Flag beside LETTER. */
  CAPITAL: 8,
} as const;

/**
 * Inclusive code point ranges in hexadecimal, later lines overriding earlier ones. A fixed list and not Unicode
 * properties: two implementations with different Unicode versions must agree.
 */
export const CHARACTER_RANGES: readonly (readonly [keyof typeof CharacterClass, string])[] = [
  ['SEPARATOR', '0-2f 3a-40 5b-60 7b-a9 ab-b4 b6-b9 bb-bf d7 f7'],
  [
    'SEPARATOR',
    '2c2-2c5 37e 387 482 55a-55f 589-58a 5be 5c0 5c3 5c6 5f3-5f4 600-60f 61b 61e-61f 66a-66d 6d4',
  ],
  ['SEPARATOR', '700-70f 964-965 970 df4 e3f e4f e5a-e5b f04-f14 f3a-f3d 104a-104f 10fb 1360-1368 166d-166e'],
  ['SEPARATOR', '1680 16eb-16ed 1735-1736 17d4-17d6 17d8-17da 1800-180a 2000-20cf 2100-2bff 2e00-2fff'],
  [
    'SEPARATOR',
    '3001-3004 3008-3020 3030 303d-303f 309b-309c 30a0 30fb 3200-33ff e000-f8ff fe10-fe1f fe30-fe6f',
  ],
  ['SEPARATOR', 'ff00 ff5f-ff65 ffe0-ffff d800-dfff'],
  ['DIGIT', '30-39'],
  ['SPACE', '9-d 20 85 a0 1680 2000-200a 2028-2029 202f 205f 3000'],
  ['HAN', '3005-3007 3021-3029 3400-4dbf 4e00-9fff f900-faff'],
  ['KANA', '3041-3096 309d-309f 30a1-30fa 30fc-30ff 31f0-31ff ff66-ff9f'],
  [
    'DROPPED',
    'ad 300-36f 483-489 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 610-61a 61c 64b-65f 670 6d6-6dc 6df-6e4 6e7-6e8',
  ],
  ['DROPPED', '6ea-6ed 180b-180f 1ab0-1aff 1dc0-1dff 200b-200f 202a-202e 2060-206f 20d0-20ff 302a-302f'],
  ['DROPPED', '3099-309a fe00-fe0f fe20-fe2f feff'],
];

/** Ranges that have case and accents to fold; both ends included. */
export const FOLDED_RANGES: readonly (readonly [number, number])[] = [
  [0x41, 0x5a],
  [0xc0, 0x58f],
  [0x1e00, 0x1fff],
];

/**
 * Folding of one code point inside FOLDED_RANGES: the first code point of the canonical decomposition (NFD) of its
 * lower case, and final sigma to sigma. Outside the ranges: unchanged. Drops accents, so that NFC and NFD text agree.
 */
export function foldCodePoint(cp: number): number {
  if (!FOLDED_RANGES.some(([from, to]) => cp >= from && cp <= to)) return cp;
  if (cp === 0x3c2) return 0x3c3;
  return String.fromCodePoint(cp).toLowerCase().normalize('NFD').codePointAt(0)!;
}

/** One class byte for each code point of the Basic Multilingual Plane. */
export function buildClassTable(): Uint8Array {
  const table = new Uint8Array(0x10000).fill(CharacterClass.LETTER);
  for (const [name, ranges] of CHARACTER_RANGES)
    for (const range of ranges.split(' ')) {
      const [from, to] = range.split('-').map((digits) => Number.parseInt(digits, 16));
      table.fill(CharacterClass[name], from!, (to ?? from!) + 1);
    }
  for (const [from, to] of FOLDED_RANGES)
    for (let cp = from; cp <= to; cp++) {
      const character = String.fromCodePoint(cp);
      if (table[cp] === CharacterClass.LETTER && character.toLowerCase() !== character)
        table[cp] = CharacterClass.LETTER | CharacterClass.CAPITAL;
    }
  return table;
}

/** Folded code points of U+0000-U+05FF followed by U+1E00-U+1FFF. */
export function buildFoldTable(): Uint16Array {
  const table = new Uint16Array(0x600 + 0x200);
  for (let cp = 0; cp < 0x600; cp++) table[cp] = foldCodePoint(cp);
  for (let cp = 0; cp < 0x200; cp++) table[0x600 + cp] = foldCodePoint(0x1e00 + cp);
  return table;
}
