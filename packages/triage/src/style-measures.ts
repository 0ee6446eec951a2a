import type { PreparedText } from './prepared-text.js';

/** Stylometry: some figures of a text, none of which depends on its case. Names are stable: a model file carries their number. */
export function measureStyle(text: PreparedText): Float32Array {
  return Float32Array.from(text.kind === 'text' ? measureProse(text) : measureCode(text));
}

/** Tokens in the window in which different ones are counted, so that the share does not fall with length. */
const WINDOW = 50;

function measureProse({ tokens, isWord }: PreparedText): number[] {
  const lengths: number[] = [];
  const sentences: number[] = [];
  let sentence = 0;
  let contractions = 0;
  tokens.forEach((token, i) => {
    if (isWord[i] === 1) {
      lengths.push(token.length);
      sentence++;
      if (token.includes("'")) contractions++;
    } else if (SENTENCE_ENDS.has(token) && sentence > 0) {
      sentences.push(sentence);
      sentence = 0;
    }
  });
  if (sentence > 0) sentences.push(sentence);
  const words = Math.max(1, lengths.length);
  const word = describe(lengths);
  const run = describe(sentences);
  return [
    word.mean,
    word.deviation,
    lengths.filter((length) => length <= 3).length / words,
    lengths.filter((length) => length >= 8).length / words,
    Math.log1p(run.mean),
    run.deviation / Math.max(1, run.mean),
    contractions / words,
    shareOfDifferent(tokens),
    shareOfRepeatedPairs(tokens),
    ...shareOfSigns(tokens, [',', '.', ';:', '!?', '"', '()', '-–—', '0123456789']),
  ];
}

const SENTENCE_ENDS: ReadonlySet<string> = new Set(['.', '!', '?', '。', '।', '؟']);

function measureCode({ text, tokens, isWord }: PreparedText): number[] {
  const lines = text.split('\n');
  const written = lines.filter((line) => line !== '');
  const depths = written.map((line) => line.length - line.replace(/^\t+/, '').length);
  const names = tokens.filter((token, i) => isWord[i] === 1 && !/^\d/.test(token));
  const count = Math.max(1, names.length);
  const line = describe(written.map((each, i) => each.length - depths[i]!));
  return [
    Math.log1p(line.mean),
    Math.log1p(line.deviation),
    describe(depths).mean,
    1 - written.length / Math.max(1, lines.length),
    written.filter((each) => /^\t*(?:\/\/|\/\*|\*|#|--|"""|''')/.test(each)).length /
      Math.max(1, written.length),
    Math.log1p(tokens.length / Math.max(1, written.length)),
    describe(names.map((name) => name.length)).mean,
    names.filter((name) => /[^_]_[^_]/.test(name)).length / count,
    names.filter((name) => /\p{Ll}\p{Lu}/u.test(name)).length / count,
    names.filter((name) => name.length === 1).length / count,
    shareOfDifferent(tokens),
    shareOfRepeatedPairs(tokens),
    ...shareOfSigns(tokens, [
      '()',
      '[]',
      '{}',
      ',',
      ';',
      ':',
      '"\'`',
      '=',
      '+-*/%',
      '<>!&|',
      '.',
      '0123456789',
    ]),
  ];
}

function describe(values: readonly number[]): { mean: number; deviation: number } {
  const n = Math.max(1, values.length);
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / n;
  let square = 0;
  for (const value of values) square += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(square / n) };
}

/** Share of tokens whose first character is one of each set of signs. */
function shareOfSigns(tokens: readonly string[], sets: readonly string[]): number[] {
  const places = new Map(sets.flatMap((set, place) => [...set].map((sign) => [sign, place] as const)));
  const counts = sets.map(() => 0);
  for (const token of tokens) {
    const place = places.get(token[0]!);
    if (place !== undefined) counts[place]!++;
  }
  return counts.map((count) => count / Math.max(1, tokens.length));
}

/** Mean share of different tokens in windows of 50 (Covington and McFall 2010), of the whole where it is shorter. */
function shareOfDifferent(tokens: readonly string[]): number {
  const size = Math.min(WINDOW, tokens.length);
  if (size === 0) return 0;
  const inWindow = new Map<string, number>();
  let sum = 0;
  tokens.forEach((token, i) => {
    inWindow.set(token, (inWindow.get(token) ?? 0) + 1);
    if (i >= size) {
      const gone = tokens[i - size]!;
      const left = inWindow.get(gone)! - 1;
      if (left === 0) inWindow.delete(gone);
      else inWindow.set(gone, left);
    }
    if (i >= size - 1) sum += inWindow.size;
  });
  return sum / (tokens.length - size + 1) / size;
}

/** Share of neighbouring pairs that an earlier pair among the last hundred equals. */
function shareOfRepeatedPairs(tokens: readonly string[]): number {
  const lastAt = new Map<string, number>();
  let repeated = 0;
  for (let i = 1; i < tokens.length; i++) {
    const pair = `${tokens[i - 1]} ${tokens[i]}`;
    if (i - (lastAt.get(pair) ?? Number.NEGATIVE_INFINITY) <= 100) repeated++;
    lastAt.set(pair, i);
  }
  return repeated / Math.max(1, tokens.length - 1);
}
