import { Random, toLog10 } from '@phalanx/stats';
import {
  collectNgrams,
  drawTorchIntegers,
  drawTorchMantissas,
  hfKgwParameters,
  type Mark,
  markllmKgwParameters,
  type Ngrams,
  openHfKgw,
  openMarkllmKgw,
  openUnigram,
  permuteTorch,
  reduceTorchSeed,
  shuffleNumpyMask,
  testMark,
  unigramParameters,
} from '@phalanx/watermark';
import type { Checks } from './checks.js';
import { digestNumbers } from './kgw-vectors.js';

/** A question to `python/watermark-kgw.py`. */
export type KgwQuestion = { readonly ask: string } & Readonly<Record<string, unknown>>;
export type KgwJudge = (questions: readonly KgwQuestion[]) => Promise<unknown[]>;

/** A judge that asks `run` once for all questions that come in one turn: starting Python with torch takes seconds. */
export function gatherQuestions(run: KgwJudge): KgwJudge {
  let waiting: KgwQuestion[] = [];
  let answered: Promise<unknown[]> | null = null;
  return async (questions) => {
    const from = waiting.length;
    waiting.push(...questions);
    answered ??= new Promise((resolve) => setImmediate(resolve)).then(() => {
      const all = waiting;
      waiting = [];
      answered = null;
      return run(all);
    });
    return (await answered).slice(from, from + questions.length);
  };
}

const TEXTS = 10;
const LENGTH = 200;

const random = new Random(40);
const below = (limit: number) => Math.floor(random.uniform() * limit);
const wideKey = () => (BigInt(below(2 ** 31)) << 32n) | BigInt(1 + below(2 ** 32 - 1));

/** torch's and numpy's generators, live. */
export async function checkGenerators(checks: Checks, judge: KgwJudge): Promise<void> {
  const draws = Array.from({ length: 200 }, (_, i) => ({
    ask: 'torch',
    seed: `${i % 2 === 0 ? below(2 ** 32) : BigInt.asUintN(63, wideKey())}`,
    n: 1 + below(i < 20 ? 130_000 : 3000),
    range: 1 + below(2 ** 20),
  }));
  const masks = Array.from({ length: 200 }, (_, i) => {
    const n = 1 + below(i < 10 ? 130_000 : 3000);
    return { ask: 'numpy', seed: below(2 ** 32), n, ones: below(n + 1) };
  });
  const answers = await judge([...draws, ...masks]);
  for (const [i, { seed, n, range }] of draws.entries()) {
    const bits = reduceTorchSeed(BigInt(seed));
    const expected = answers[i] as { permutation: string; mantissas: string; integers: string };
    checks.equal(
      `torch.randperm(${n}), seed ${seed}`,
      digestNumbers(permuteTorch(bits, n)),
      expected.permutation,
    );
    checks.equal(
      `torch.rand(${n}), seed ${seed}`,
      digestNumbers(drawTorchMantissas(bits, n)),
      expected.mantissas,
    );
    const integers = drawTorchIntegers(bits, range, n);
    checks.equal(`torch.randint(0, ${range}, ${n})`, digestNumbers(integers), expected.integers);
  }
  for (const [i, { seed, n, ones }] of masks.entries()) {
    const set = listOnes(shuffleNumpyMask(seed, n, ones));
    checks.equal(`numpy shuffle of ${ones} of ${n}`, digestNumbers(set), answers[draws.length + i] as string);
  }
  checks.note(
    `torch: ${draws.length} seeds of randperm, rand, randint; numpy: ${masks.length} shuffled masks`,
  );
}

interface HfConfig {
  readonly vocab_size: number;
  readonly greenlist_ratio: number;
  readonly bias: number;
  readonly hashing_key: number;
  readonly seeding_scheme: 'lefthash' | 'selfhash';
  readonly context_width: number;
}

const hfConfigs: readonly HfConfig[] = [
  [50257, 0.25, 15485863, 'lefthash', 1, 500] as const,
  [128256, 0.5, 77, 'lefthash', 1, 100] as const,
  [1009, 0.25, 15485863, 'lefthash', 3, 1500] as const,
  [1009, 0.25, 2 ** 52 + 9, 'lefthash', 1, 500] as const,
  [1009, 0.25, 15485863, 'selfhash', 4, 500] as const,
  [1009, 0.5, 2 ** 52 + 9, 'selfhash', 2, 300] as const,
  [50257, 0.25, 15485863, 'selfhash', 4, 20] as const,
].map(([vocab_size, greenlist_ratio, hashing_key, seeding_scheme, context_width]) => ({
  ...{ vocab_size, greenlist_ratio, bias: 2, hashing_key, seeding_scheme, context_width },
}));
const CONTEXTS = [500, 100, 1500, 500, 500, 300, 20];

function openHf(config: HfConfig): Mark {
  const { vocab_size: vocabulary, greenlist_ratio: gamma, bias: delta } = config;
  const { seeding_scheme: scheme, context_width: width, hashing_key } = config;
  return openHfKgw(hfKgwParameters.parse({ vocabulary, gamma, delta, scheme, width }), BigInt(hashing_key));
}

/** Which logits transformers raises on random contexts, and which `reshape` does. */
export async function checkHfLists(checks: Checks, judge: KgwJudge): Promise<void> {
  const questions = hfConfigs.map((config, i) => ({
    ask: 'hf_raised',
    config,
    contexts: Array.from({ length: CONTEXTS[i]! }, () =>
      Array.from({ length: 5 }, () => below(config.vocab_size)),
    ),
    multipliers: Array.from({ length: CONTEXTS[i]! }, () => pickCoprime(config.vocab_size)),
  }));
  const answers = (await judge(questions)) as string[][];
  for (const [i, { config, contexts, multipliers }] of questions.entries()) {
    const mark = openHf(config);
    const { vocab_size: vocabulary, seeding_scheme: scheme, context_width: width } = config;
    let equal = 0;
    for (const [row, context] of contexts.entries()) {
      const score = (token: number) => ((token * multipliers[row]!) % vocabulary) / 16;
      equal += digestNumbers(listRaised(mark, context, vocabulary, score)) === answers[i]![row] ? 1 : 0;
    }
    const what = `transformers raises the same logits: ${scheme} ${width}, vocabulary ${vocabulary}`;
    checks.check(what, equal === contexts.length, () => `${equal} of ${contexts.length} contexts`);
    checks.note(`${what}: ${equal} of ${contexts.length} contexts`);
  }
}

/** Text of either side read by both: scored tokens and greens must be equal. */
export async function checkHfBothWays(checks: Checks, judge: KgwJudge): Promise<void> {
  const schemes = [
    ['lefthash', 1],
    ['selfhash', 4],
  ] as const;
  await Promise.all(
    schemes.map(async ([scheme, width]) => {
      const config: HfConfig = {
        ...{ vocab_size: 509, greenlist_ratio: 0.25, bias: 2, hashing_key: 91_837_465 },
        ...{ seeding_scheme: scheme, context_width: width },
      };
      const mark = openHf(config);
      const ours = Array.from({ length: TEXTS }, (_, i) => writeBigramText(mark, LENGTH, 509, i));
      const generate = { ask: 'hf_generate', config, seed: 4, count: TEXTS, length: LENGTH };
      const [theirs] = (await judge([generate])) as number[][][];
      await Promise.all([
        compareCounts(checks, judge, config, `${scheme}, ${TEXTS} texts that transformers made`, theirs!),
        compareCounts(checks, judge, config, `${scheme}, ${TEXTS} texts that we made`, ours),
      ]);
    }),
  );
}

async function compareCounts(
  checks: Checks,
  judge: KgwJudge,
  config: HfConfig,
  what: string,
  texts: readonly number[][],
): Promise<void> {
  const [plain, unique] = (await judge([
    { ask: 'hf_detect', config, texts, deduplicate: false },
    { ask: 'hf_detect', config, texts, deduplicate: true },
  ])) as { scored: number; greens: number; z: number }[][];
  const mark = openHf(config);
  let distinct = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (const [i, text] of texts.entries()) {
    const tokens = Int32Array.from(text);
    const every = readEach(mark, listNgrams(tokens, mark.contextWidth));
    const once = collectNgrams([tokens], mark);
    const counted = mark.distinct!(once);
    const values = mark.read(counted);
    const show = (scored: number, greens: number) => `${greens} of ${scored}`;
    const [all, each] = [plain![i]!, unique![i]!];
    checks.equal(`${what}: ${i}, all n-grams`, show(every.length, sum(every)), show(all.scored, all.greens));
    const found = show(once.count, sum(readEach(mark, once)));
    checks.equal(`${what}: ${i}, each n-gram once`, found, show(each.scored, each.greens));
    // A context of one token is all that the function sees: nothing more is left out.
    if (config.seeding_scheme === 'lefthash')
      checks.equal(`${what}: ${i}, draws`, show(counted.count, sum(values)), show(each.scored, each.greens));
    distinct += counted.count / once.count / texts.length;
    highest = Math.max(highest, testMark(mark.pivot, values).logP);
  }
  const lowest = Math.min(...unique!.map(({ z }) => z));
  checks.check(`${what}: found by both`, highest < Math.log(1e-6) && lowest > 4);
  checks.note(
    `${what}, ${LENGTH} tokens each: scored and green counts of both compared; our log10 p at most ${toLog10(highest).toFixed(1)}, their z at least ${lowest.toFixed(1)}; ${(100 * distinct).toFixed(1)} % of distinct n-grams are draws of their own`,
  );
}

/** MarkLLM makes as many lists as tokens; the bound of `pivot.gamma` must hold for these lists. */
export function checkMarkllmShares(checks: Checks): void {
  const vocabulary = 32_000;
  const counts = new Uint32Array(vocabulary);
  for (let seed = 0; seed < vocabulary; seed++)
    for (const token of permuteTorch(seed, vocabulary).subarray(0, vocabulary / 2)) counts[token]!++;
  const highest = Math.max(...counts) / vocabulary;
  const { pivot } = openMarkllmKgw(markllmKgwParameters.parse({ vocabulary }), 15485863n);
  const bound = pivot.kind === 'green' ? pivot.gamma : 0;
  checks.check(
    'no token is on more lists than the bound says',
    highest <= bound,
    () => `${highest}, ${bound}`,
  );
  checks.note(
    `MarkLLM KGW, vocabulary ${vocabulary}, gamma 0.5: the commonest token is on ${(100 * highest).toFixed(2)} % of all lists, bound ${(100 * bound).toFixed(2)} %`,
  );
}

/** MarkLLM's lists and masks. */
export async function checkMarkllm(checks: Checks, judge: KgwJudge): Promise<void> {
  const schemes = (['time', 'additive', 'skip', 'min'] as const).flatMap((fScheme) =>
    (['left', 'self'] as const).map((windowScheme) => ({ fScheme, windowScheme })),
  );
  const questions = schemes.map(({ fScheme, windowScheme }, i) => {
    const vocab_size = windowScheme === 'self' ? 211 : [50257, 1009, 32000, 1024][i >> 1]!;
    const config = {
      ...{ vocab_size, gamma: 0.5, hash_key: 15485863 + i * 2 ** 33, prefix_length: 1 + (i % 3) },
      ...{ f_scheme: fScheme, window_scheme: windowScheme },
    };
    const contexts = Array.from({ length: windowScheme === 'self' ? 10 : 150 }, () =>
      Array.from({ length: 4 }, () => below(vocab_size)),
    );
    return { ask: 'markllm_lists', config, contexts };
  });
  const keys = [0n, 15485863n, -7n, 2n ** 63n - 1n];
  const masks = keys.map((key, i) => ({
    ask: 'markllm_mask',
    // JSON's integers are Python's; ours would lose digits.
    config: {
      vocab_size: 50257 + i,
      gamma: i % 2 === 0 ? 0.5 : 0.25,
      hash_key: Number(BigInt.asIntN(53, key)),
    },
  }));
  const answers = await judge([...questions, ...masks]);
  let lists = 0;
  for (const [i, { config, contexts }] of questions.entries()) {
    const { vocab_size: vocabulary, gamma, prefix_length: prefixLength } = config;
    const parameters = { vocabulary, gamma, prefixLength, ...schemes[i]! };
    const mark = openMarkllmKgw(markllmKgwParameters.parse(parameters), BigInt(config.hash_key));
    for (const [row, context] of contexts.entries()) {
      const found = digestNumbers(listRaised(mark, context, vocabulary, () => 0));
      const name = `MarkLLM KGW ${config.f_scheme} ${config.window_scheme}, context ${row}`;
      checks.equal(name, found, (answers[i] as string[])[row]!);
      lists++;
    }
  }
  for (const [i, { config }] of masks.entries()) {
    const mark = openUnigram(
      unigramParameters.parse({ vocabulary: config.vocab_size, gamma: config.gamma }),
      BigInt(config.hash_key),
    );
    const found = listRaised(mark, [], config.vocab_size, () => 0);
    checks.equal(
      `MarkLLM Unigram, key ${config.hash_key}`,
      digestNumbers(found),
      answers[questions.length + i] as string,
    );
  }
  checks.note(`MarkLLM 0.1.5: ${lists} green lists of 8 kinds of KGW, ${masks.length} masks of Unigram`);
}

/** Tokens whose logits `reshape` raises after a text, when token i has the logit `score(i)`. */
function listRaised(
  mark: Mark,
  text: readonly number[],
  vocabulary: number,
  score: (i: number) => number,
): number[] {
  const tokens = Int32Array.from({ length: vocabulary }, (_, i) => i);
  const before = Float64Array.from(tokens, score);
  const logProbabilities = before.slice();
  mark.reshape(
    Int32Array.from(text.slice(text.length - mark.contextWidth)),
    { tokens, logProbabilities },
    () => random.uniform(),
  );
  return [...tokens].filter((i) => logProbabilities[i]! > before[i]!);
}

/** Every n-gram of a text, repeated ones too. */
export function listNgrams(tokens: Int32Array, contextWidth: number): Ngrams {
  const width = contextWidth + 1;
  const count = Math.max(0, tokens.length - contextWidth);
  const rows = new Int32Array(count * width);
  for (let row = 0; row < count; row++) rows.set(tokens.subarray(row, row + width), row * width);
  const zeros = new Uint32Array(count);
  return { width, count, tokens: rows, text: zeros, position: zeros, repeated: 0, unscored: 0 };
}

/** The value of each n-gram read alone, so that none is left out for another. */
export function readEach(mark: Mark, ngrams: Ngrams): number[] {
  const { width, count, tokens } = ngrams;
  return Array.from({ length: count }, (_, row) => {
    const one = listNgrams(tokens.subarray(row * width, (row + 1) * width), width - 1);
    return mark.read(one)[0]!;
  });
}

/** A text under a mark by the bigram model of `hf_generate`. */
function writeBigramText(mark: Mark, length: number, vocabulary: number, number: number): number[] {
  const text = Array.from({ length: 4 }, (_, i) => 1 + ((number * 7 + i) % (vocabulary - 1)));
  const tokens = Int32Array.from({ length: vocabulary }, (_, i) => i);
  while (text.length < length) {
    const logProbabilities = new Float64Array(vocabulary);
    for (let rank = 0; rank < vocabulary; rank++)
      logProbabilities[(text.at(-1)! * 31 + rank * 17) % vocabulary] = -Math.log(rank + 1);
    logProbabilities[0] = Number.NEGATIVE_INFINITY;
    const context = Int32Array.from(text.slice(text.length - mark.contextWidth));
    mark.reshape(context, { tokens, logProbabilities }, () => random.uniform());
    const weights = logProbabilities.map(Math.exp);
    let left = random.uniform() * sum(weights);
    text.push(weights.findIndex((weight) => (left -= weight) < 0));
  }
  return text;
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a + b, 0);
}

function listOnes(mask: Uint8Array): number[] {
  return [...mask.keys()].filter((i) => mask[i] === 1);
}

function pickCoprime(n: number): number {
  for (;;) {
    const candidate = 1 + below(n - 1);
    let [a, b] = [candidate, n];
    while (b > 0) [a, b] = [b, a % b];
    if (a === 1) return candidate;
  }
}
