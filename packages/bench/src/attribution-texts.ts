import type { Random } from '@phalanx/stats';

/** A way in which an answer comes to stand in a data set. */
export interface Plant {
  readonly name: string;
  readonly apply: (text: string, random: Random) => string;
}

const CONSONANTS = 'bcdfghklmnprstvz';
const VOWELS = 'aeiou';
const VOCABULARY = 30_000;

/** 30,000 words of two to four syllables; equal on every machine. */
const WORDS = Array.from({ length: VOCABULARY }, (_, i) => {
  let word = '';
  for (let rest = i + 80; rest > 0; rest = Math.floor(rest / 80))
    word += CONSONANTS[rest % 16]! + VOWELS[Math.floor(rest / 16) % 5]!;
  return word;
});

/** Words of a Zipf-like frequency, 70 to 180 of them, some 800 bytes; a full stop now and then. */
export function writeAnswer(random: Random): string {
  const words = 70 + random.integer(111);
  let text = '';
  for (let i = 0; i < words; i++)
    text += `${WORDS[Math.floor(VOCABULARY ** random.uniform()) - 1]}${random.integer(12) === 0 ? '. ' : ' '}`;
  return text.trim();
}

function cut(text: string, from: number, to: number): string {
  const words = text.split(' ');
  return words.slice(Math.floor(from * words.length), Math.ceil(to * words.length)).join(' ');
}

function edit(text: string, share: number, random: Random): string {
  return text.replaceAll(/\S+/g, (word) =>
    random.bernoulli(share) ? WORDS[random.integer(VOCABULARY)]! : word,
  );
}

/** Planted in equal numbers. */
export const PLANTS: readonly Plant[] = [
  { name: 'as it was', apply: (text) => text },
  { name: 'wrapped', apply: (text) => `Assistant: "${text}"` },
  { name: 'JSON string', apply: (text) => JSON.stringify(text.replaceAll('. ', '.\n')) },
  {
    name: 'between others',
    apply: (text, random) => `${writeAnswer(random)}\n\n${text}\n\n${writeAnswer(random)}`,
  },
  { name: '75 % left', apply: (text) => cut(text, 0.25, 1) },
  { name: '50 % left', apply: (text) => cut(text, 0, 0.5) },
  { name: '5 % edited', apply: (text, random) => edit(text, 0.05, random) },
  { name: '10 % edited', apply: (text, random) => edit(text, 0.1, random) },
  { name: '20 % edited', apply: (text, random) => edit(text, 0.2, random) },
];
