import { parseArgs } from 'node:util';
import { toLog10 } from '@phalanx/stats';
import {
  buildBuiltInSources,
  loadPromptFolder,
  NgramModel,
  Random,
  trainByteVocabulary,
} from '@phalanx/testing';
import {
  collectNgrams,
  deriveMarkKey,
  findSpans,
  gatherTexts,
  type Mark,
  makeSampler,
  openPhalanxGumbel,
  openPhalanxKgw,
  openPhalanxSynthid,
  openTokenizer,
  readText,
  type Tokenizer,
  testKey,
} from '@phalanx/watermark';
import { findHomoglyph } from './homoglyph.js';

const LEARNED_TEXTS = 150;
const FOUND = -6;

interface Corpus {
  readonly tokenizer: Tokenizer;
  readonly texts: readonly string[];
}

/** What is done to a text before somebody asks whose it is. */
const ATTACKS: readonly {
  readonly what: string;
  readonly apply: (text: string, corpus: Corpus, random: Random) => string;
}[] = [
  { what: 'nothing: text tokenised again', apply: (text) => text },
  { what: 'lower case', apply: (text) => text.toLowerCase() },
  { what: 'second spaces between words', apply: (text) => text.replaceAll(' ', '  ') },
  { what: 'one letter in ten a homoglyph', apply: (text, _, random) => swapLetters(text, 0.1, random) },
  { what: 'all letters homoglyphs that have one', apply: (text, _, random) => swapLetters(text, 1, random) },
  {
    what: 'zero-width space after every third letter',
    apply: (text) => text.replace(/(\p{L}{3})/gu, '$1\u200b'),
  },
  ...[0.1, 0.2, 0.4].map((rate) => ({
    what: `${rate * 100} % of words replaced`,
    apply: (text: string, corpus: Corpus, random: Random) =>
      editWords(text, rate, () => [pickWord(corpus, random)], random),
  })),
  { what: '20 % of words deleted', apply: (text, _, random) => editWords(text, 0.2, () => [], random) },
  {
    what: '20 % of words inserted',
    apply: (text, corpus, random) => editWords(text, 0.2, (word) => [word, pickWord(corpus, random)], random),
  },
  { what: 'second half cut off', apply: (text) => text.slice(0, text.length / 2) },
  { what: 'pasted: 25 % of a longer text', apply: (text, corpus, random) => paste(text, 4, corpus, random) },
  { what: 'pasted: 10 % of a longer text', apply: (text, corpus, random) => paste(text, 10, corpus, random) },
];

/**
 * Marked texts of a small model, attacked as texts, tokenised again and tested: share found at p <= 1e-6, by scheme and context
 * width. Beside it the ids as generated, and a key that marked nothing.
 */
export async function benchWatermarkAttacks(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      texts: { type: 'string', default: '60' },
      tokens: { type: 'string', default: '300' },
      prompts: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [count, size] = [Number(values.texts), Number(values.tokens)];
  const corpus = learnCorpus(values.prompts);
  const master = new Uint8Array(32).fill(9);
  const keyOf = (tenant: string) => deriveMarkKey(master, { tenant, model: 'm', epoch: values.seed });
  const schemes: readonly [name: string, open: (key: Uint8Array) => Mark][] = [
    ['Gumbel h=2', (key) => openPhalanxGumbel({ contextWidth: 2, secondShare: 0 }, key)],
    ['Gumbel h=4', (key) => openPhalanxGumbel({ contextWidth: 4, secondShare: 0 }, key)],
    ['SynthID h=4', (key) => openPhalanxSynthid({ contextWidth: 4, layers: 32 }, key)],
    ['KGW h=1 delta=2', (key) => openPhalanxKgw({ contextWidth: 1, gamma: 0.5, delta: 2 }, key)],
  ];
  console.log(`${count} texts of ${size} tokens a scheme; share found at p <= 1e-6 (median log10 p)`);
  console.log(
    `\n| attack | ${schemes.map(([name]) => name).join(' | ')} |\n|---|${'---|'.repeat(schemes.length)}`,
  );
  const made = schemes.map(([, open], scheme) =>
    Array.from({ length: count }, (_, i) =>
      writeText(open(keyOf('own')), size, corpus, `${values.seed} ${scheme} ${i}`),
    ),
  );
  const row = (what: string, test: (scheme: number, i: number) => number) => {
    const cells = schemes.map((_, scheme) =>
      summarise(Array.from({ length: count }, (_, i) => test(scheme, i))),
    );
    console.log(`| ${what} | ${cells.join(' | ')} |`);
  };
  const marks = schemes.map(([, open]) => open(keyOf('own')));
  const strangers = schemes.map(([, open]) => open(keyOf('stranger')));
  row('nothing: ids as generated', (scheme, i) => {
    const mark = marks[scheme]!;
    return testKey(mark, collectNgrams([made[scheme]![i]!.tokens], mark)).logP;
  });
  for (const { what, apply } of ATTACKS)
    row(what, (scheme, i) => {
      const random = new Random(`${values.seed} ${what} ${scheme} ${i}`);
      return testText(marks[scheme]!, corpus.tokenizer, apply(made[scheme]![i]!.text, corpus, random));
    });
  row('pasted: 10 %, where in the text (best span)', (scheme, i) => {
    const random = new Random(`${values.seed} spans ${scheme} ${i}`);
    const text = paste(made[scheme]![i]!.text, 10, corpus, random);
    return searchText(marks[scheme]!, corpus.tokenizer, text);
  });
  row('another key', (scheme, i) => testText(strangers[scheme]!, corpus.tokenizer, made[scheme]![i]!.text));
}

function testText(mark: Mark, tokenizer: Tokenizer, text: string): number {
  return testKey(mark, gatherTexts(mark, [readText(tokenizer, text)])).logP;
}

/** Least p of a span, corrected for all spans that might have been; 0 when none is reported at 1e-3. */
function searchText(mark: Mark, tokenizer: Tokenizer, text: string): number {
  const read = readText(tokenizer, text);
  const ngrams = gatherTexts(mark, [read]);
  const { spans } = findSpans(mark.pivot, mark.read(ngrams), ngrams.position, read.tokens.length);
  return Math.min(0, ...spans.map(({ logP }) => logP));
}

function summarise(logPs: readonly number[]): string {
  const sorted = logPs.map((logP) => toLog10(logP)).sort((a, b) => a - b);
  const found = sorted.filter((log10P) => log10P <= FOUND).length / sorted.length;
  return `${found.toFixed(2)} (${sorted[sorted.length >> 1]!.toFixed(1)})`;
}

function learnCorpus(prompts: string | undefined): Corpus {
  const sources = prompts === undefined ? buildBuiltInSources({ size: 1000 }) : loadPromptFolder(prompts);
  const texts = sources.flatMap((source) => source.texts.slice(0, 1000));
  return { texts, tokenizer: openTokenizer(trainByteVocabulary(texts.slice(0, 3000), 768)) };
}

/** An answer of a model counted on some of the texts, so that answers differ from one another. */
function writeText(mark: Mark, size: number, { texts, tokenizer }: Corpus, seed: string) {
  const random = new Random(seed);
  const model = new NgramModel({ order: 3, vocabularySize: tokenizer.vocabularySize, backOff: 0.4 });
  for (let i = 0; i < LEARNED_TEXTS; i++)
    model.learn(tokenizer.encode(`${texts[random.integer(0, texts.length - 1)]!}\n`));
  const sampling = {
    temperature: 1,
    topK: 0,
    topP: 1,
    deduplicateContexts: 'single_turn',
    history: 8192,
  } as const;
  const sampler = makeSampler(mark, sampling, { random: () => random.uniform() });
  const start = tokenizer.encode('\n');
  const tokens = new Int32Array(start.length + size);
  tokens.set(start);
  for (let at = start.length; at < tokens.length; at++)
    tokens[at] = sampler.next({
      candidates: model.next(tokens.subarray(Math.max(0, at - 2), at)),
      answer: tokens.subarray(start.length, at),
    }).token;
  const answer = tokens.slice(start.length);
  return { tokens: answer, text: tokenizer.decode(answer) };
}

function swapLetters(text: string, rate: number, random: Random): string {
  return Array.from(text, (letter) =>
    random.chance(rate) ? (findHomoglyph(letter) ?? letter) : letter,
  ).join('');
}

function editWords(
  text: string,
  rate: number,
  edit: (word: string) => readonly string[],
  random: Random,
): string {
  return text
    .split(' ')
    .flatMap((word) => (random.chance(rate) ? edit(word) : [word]))
    .join(' ');
}

function pickWord({ texts }: Corpus, random: Random): string {
  const words = texts[random.integer(0, texts.length - 1)]!.split(' ');
  return words[random.integer(0, words.length - 1)]!;
}

/** The text in the middle of one `times` as long, the rest from the corpus. */
function paste(text: string, times: number, { texts }: Corpus, random: Random): string {
  const half = (text.length * (times - 1)) / 2;
  const around = () => {
    let out = '';
    while (out.length < half) out += `${texts[random.integer(0, texts.length - 1)]!}\n`;
    return out.slice(0, half);
  };
  return `${around()}\n${text}\n${around()}`;
}
