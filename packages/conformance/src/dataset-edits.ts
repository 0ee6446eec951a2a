import type { Random } from '@phalanx/stats';

/** What somebody does to an answer before it stands in a data set. `other` is a foreign text of the same source. */
export interface DatasetEdit {
  readonly name: string;
  /** Share of the answers that must be found again. */
  readonly minRecall: number;
  readonly apply: (text: string, other: string, random: Random) => string;
}

/** Keeps the words [from, to) of a text, shares of their number, with what separates them. */
function keepWords(text: string, from: number, to: number): string {
  const words = [...text.matchAll(/\S+\s*/g)].map(([word]) => word);
  return words.slice(Math.floor(from * words.length), Math.ceil(to * words.length)).join('');
}

/** Replaces, drops or doubles each word with the given chance; the replacement is a word of the other text. */
function editWords(text: string, other: string, share: number, random: Random): string {
  const spare = other.split(/\s+/);
  return text.replaceAll(/\S+/g, (word) => {
    if (!random.bernoulli(share)) return word;
    const kind = random.integer(3);
    return kind === 0 ? '' : kind === 1 ? `${word} ${word}` : spare[random.integer(spare.length)]!;
  });
}

const edits = (share: number) => (text: string, other: string, random: Random) =>
  editWords(text, other, share, random);

/**
 * Edits and the recall that must hold at the threshold of a million rows against 100 million responses. A sketch holds the whole
 * response only: what is left when half is cut agrees in half of the lanes, and of a third in a third.
 */
export const DATASET_EDITS: readonly DatasetEdit[] = [
  { name: 'as it was', minRecall: 1, apply: (text) => text },
  {
    name: 'case, spacing, punctuation',
    minRecall: 0.999,
    apply: (text) => text.toUpperCase().replaceAll(/[ ,.]+/g, '  '),
  },
  { name: 'in quotes', minRecall: 1, apply: (text) => `"${text}"` },
  { name: 'in a Markdown fence', minRecall: 0.99, apply: (text) => `\`\`\`markdown\n${text}\n\`\`\`` },
  { name: 'after "Assistant:"', minRecall: 0.99, apply: (text) => `Assistant: ${text}` },
  { name: 'JSON string', minRecall: 0.99, apply: (text) => JSON.stringify(text) },
  {
    name: 'turn of three',
    minRecall: 0.97,
    apply: (text, other) => `User: ${other}\nAssistant: ${text}\nUser: ${other}\nAssistant: ${other}`,
  },
  {
    name: 'after a text as long',
    minRecall: 0.8,
    apply: (text, other) => `${stretch(other, text.length)}\n\n${text}`,
  },
  {
    name: 'between texts as long',
    minRecall: 0.5,
    apply: (text, other) =>
      `${stretch(other, text.length)}\n\n${text}\n\n${stretch(other.split(' ').reverse().join(' '), text.length)}`,
  },
  { name: 'first 10 % cut', minRecall: 0.99, apply: (text) => keepWords(text, 0.1, 1) },
  { name: 'first 25 % cut', minRecall: 0.95, apply: (text) => keepWords(text, 0.25, 1) },
  { name: 'last 25 % cut', minRecall: 0.95, apply: (text) => keepWords(text, 0, 0.75) },
  { name: 'both ends cut, 60 % left', minRecall: 0.8, apply: (text) => keepWords(text, 0.2, 0.8) },
  { name: 'first half cut', minRecall: 0.6, apply: (text) => keepWords(text, 0.5, 1) },
  { name: 'last half cut', minRecall: 0.6, apply: (text) => keepWords(text, 0, 0.5) },
  { name: 'first two thirds cut', minRecall: 0, apply: (text) => keepWords(text, 2 / 3, 1) },
  { name: '5 % of words edited', minRecall: 0.97, apply: edits(0.05) },
  { name: '10 % of words edited', minRecall: 0.85, apply: edits(0.1) },
  { name: '20 % of words edited', minRecall: 0.1, apply: edits(0.2) },
  {
    name: '5 % edited, first 25 % cut, fenced',
    minRecall: 0.6,
    apply: (text, other, random) =>
      `\`\`\`\n${editWords(keepWords(text, 0.25, 1), other, 0.05, random)}\n\`\`\``,
  },
];

/** About `length` characters of a text, repeated if it is shorter. */
function stretch(text: string, length: number): string {
  return text.repeat(Math.ceil(length / Math.max(1, text.length))).slice(0, length);
}
