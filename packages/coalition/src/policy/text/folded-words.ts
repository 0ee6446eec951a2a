/** A text cut into words that compare: lower case, without accents, signs of currency spelt out. */
export interface FoldedWords {
  readonly words: readonly string[];
  /** The letters and digits of the text in a row, for scripts without spaces and for words that were cut apart. */
  readonly compact: string;
}

const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/\$/g, ' dollar '],
  [/€/g, ' euro '],
  [/£/g, ' sterling '],
  [/[¥元圓円]/g, '元 yuan '],
  [/₹/g, ' rupees '],
  [/₩/g, ' krw '],
  [/₽/g, ' rubles '],
  [/₿/g, ' btc '],
  [/¢/g, ' cents '],
  [/[%％‰]/g, ' percent '],
];
const PLAIN: Readonly<Record<string, string>> = {
  ß: 'ss',
  ı: 'i',
  ł: 'l',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  đ: 'd',
  ð: 'd',
  þ: 'th',
};

/** Lower case, without accents, dressed letters plain (NFKD). */
export function foldLetters(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßıłøæœđðþ]/g, (letter) => PLAIN[letter]!);
}

/** Words of letters and digits; each digit group of a number (`1,200.50`) is one word of its digits alone. */
export function foldWords(text: string): FoldedWords {
  let folded = foldLetters(text);
  for (const [sign, word] of SIGNS) folded = folded.replace(sign, word);
  folded = folded
    .replace(/(?<=[0-9])[.,'’_ \u00a0](?=[0-9]{3}(?![0-9]))/g, '')
    .replace(/(?<=[0-9])[.,](?=[0-9])/g, '');
  // Apostrophes hold a word together: "don't", "l'entreprise" is two.
  folded = folded.replace(/(?<=n)['’](?=t\b)/g, '').replace(/(?<=[0-9])(?=\p{L})|(?<=\p{L})(?=[0-9])/gu, ' ');
  const words = folded.match(/[\p{L}\p{N}]+/gu) ?? [];
  return { words, compact: words.join('') };
}
