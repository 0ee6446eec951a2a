import type { Random } from '@phalanx/stats';

/** What somebody does to a text so that it is not recognised. */
export interface TriageAttack {
  readonly name: string;
  attack(text: string, random: Random): string;
}

const LIKENESSES: ReadonlyMap<string, string> = new Map(
  'aа AА BВ eе EЕ cс pр KК OО PР MМ HН TТ XХ CС yу oо xх IІ iі NΝ ZΖ'
    .split(' ')
    .map((pair) => [pair[0]!, pair[1]!] as const),
);

/** Four attacks of the RAID benchmark (Dugan et al. 2024), at its rates, and two that go further. */
export const TRIAGE_ATTACKS: readonly TriageAttack[] = [
  { name: 'homoglyph, all letters', attack: (text) => swapLetters(text, () => true) },
  { name: 'homoglyph, one in ten', attack: (text, random) => swapLetters(text, () => random.bernoulli(0.1)) },
  {
    name: 'zero-width after each character',
    attack: (text) => [...text].map((each) => `${each}\u200B`).join(''),
  },
  {
    name: 'second space at half of the words',
    attack: (text, random) => text.replace(/ /g, () => (random.bernoulli(0.5) ? '  ' : ' ')),
  },
  {
    name: 'case of half of the first letters',
    attack: (text, random) =>
      text.replace(/\b[a-z]/gi, (each) => (random.bernoulli(0.5) ? flipCase(each) : each)),
  },
  { name: 'all capitals', attack: (text) => text.toUpperCase() },
];

/** Normalisation does not claim to undo this one: it is shown beside the others. */
export const SPLIT_WORDS: TriageAttack = {
  name: 'a space within one word in five',
  attack: (text, random) =>
    text.replace(/[a-z]{4,}/gi, (word) => {
      const at = 1 + random.integer(word.length - 1);
      return random.bernoulli(0.2) ? `${word.slice(0, at)} ${word.slice(at)}` : word;
    }),
};

function swapLetters(text: string, when: () => boolean): string {
  return text.replace(/[A-Za-z]/g, (each) => {
    const likeness = LIKENESSES.get(each);
    return likeness !== undefined && when() ? likeness : each;
  });
}

function flipCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}
