import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@phalanx/stats';
import {
  HmacSha256Prf,
  type Ngrams,
  openTextSeal,
  openTextSealGreenlist,
  openVllmDualGumbel,
  openVllmGumbel,
  PhiloxPrf,
  permutePhilox,
  TextSealHash,
} from '@phalanx/watermark';
import { loadAwkwardTexts } from './awkward-texts.js';
import type { Checks } from './checks.js';
import { calibrateGumbelFamily } from './gumbel-calibration.js';
import { measureEntropyWeights, measureSharedDraws, measureTemplates } from './gumbel-defects.js';
import { type Counterpart, collectText, prepareExchange, type Trial } from './gumbel-exchange.js';
import { type GumbelJudge, JUDGE_PACKAGES, openGumbelJudge } from './gumbel-judges.js';
import { prepareDualKeyTail, prepareMidP, prepareNothingScored, prepareUnderflow } from './gumbel-tails.js';
import type { Python } from './python.js';
import type { Suite } from './suite.js';

const KEY = 0x0123456789abcdefn;
const ROWS = 20_000;
const TEXT_TOKENS = 10_000;

/** The Gumbel family: vectors, the code of vLLM and TextSeal run beside ours, their defects, and the null over random keys. */
export const watermarkGumbel: Suite = {
  name: 'watermark-gumbel',
  what: 'marks of vLLM and TextSeal against their vectors and their own code; p-values over random keys on real text',
  async run(checks, { vectors, python }) {
    if (vectors === null) checks.skip('no folder of vectors');
    else checkVectors(checks, join(vectors, 'vectors', 'watermark'));
    const interpreter = await python.open(JUDGE_PACKAGES);
    if (typeof interpreter === 'string') checks.skip(interpreter);
    else {
      await withJudge(checks, interpreter, 'vllm', judgeVllm);
      await withJudge(checks, interpreter, 'textseal', judgeTextSeal);
    }
    measureEntropyWeights(checks);
    const texts = vectors === null ? null : loadAwkwardTexts(join(vectors, 'data'), TEXT_TOKENS);
    if (texts === null) return checks.skip('no folder of data');
    measureTemplates(checks, join(vectors!, 'data'));
    measureSharedDraws(checks, texts);
    calibrateGumbelFamily(checks, texts);
  },
};

async function withJudge(
  checks: Checks,
  python: Python,
  name: 'vllm' | 'textseal',
  run: (checks: Checks, judge: GumbelJudge) => Promise<void>,
): Promise<void> {
  const judge = await openGumbelJudge(python, name);
  if (typeof judge === 'string') return checks.skip(judge);
  try {
    await run(checks, judge);
  } finally {
    await judge.close();
  }
}

/** Every value of the files counts one check. */
function checkVectors(checks: Checks, folder: string): void {
  const read = (name: string) => {
    const path = join(folder, name);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  };
  const philox = read('philox_vllm.json');
  const textseal = read('textseal_prf.json');
  if (philox === null || textseal === null) {
    checks.skip('no vectors of Philox and TextSeal');
    return;
  }
  const before = checks.passed;
  const hex = (words: readonly string[]) => words.map((word) => Number.parseInt(word, 16));
  for (const { ctr, key, out } of philox.random123_philox4x32_10_kat) {
    const [k0, k1] = hex(key);
    const found = permutePhilox(hex(ctr), [k0!, k1!]);
    hex(out).forEach((word, i) => {
      checks.check(`Random123, word ${i}`, found[i] === word);
    });
  }
  const { key, contexts, token_ids: ids, ...values } = philox.vllm;
  const tokens = Int32Array.from(ids as number[]);
  const compare = (what: string, prf: Pick<PhiloxPrf, 'readTokens'>, shift: number, expected: number[][]) =>
    expected.forEach((row, context) => {
      const words = prf.readTokens(Int32Array.from(contexts[context]), tokens);
      row.forEach((value, i) => {
        checks.check(what, words[i]! >>> shift === value, () => `${words[i]}`);
      });
    });
  compare('vLLM, word', new PhiloxPrf(BigInt(key)), 0, values.uint32);
  compare('vLLM, mantissa', new PhiloxPrf(BigInt(key)), 8, values.philox_mantissas24);
  compare('vLLM, HMAC mantissa', new HmacSha256Prf(BigInt(key)), 8, values.hmac_sha256_mantissas24);
  for (const { window, token, secret_key: secret, hash } of textseal.cases) {
    const found = new TextSealHash(BigInt(secret)).readTokens(
      Int32Array.from(window),
      Int32Array.of(token),
    )[0];
    checks.check('TextSeal, hash', found === hash, () => `${found}, expected ${hash}`);
  }
  checks.note(`${checks.passed - before} values of philox_vllm.json and textseal_prf.json`);
}

/** Rows of random tokens, every fourth with a padded context. */
function drawRows(random: Random, width: number, padding: number | null) {
  const id = () => Math.floor(random.uniform() * 200_000);
  const contexts = Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: width }, (_, i) => (padding !== null && row % 4 === 0 && i < 2 ? padding : id())),
  );
  const tokens = Array.from({ length: ROWS }, id);
  const text = new Uint32Array(ROWS);
  const rows = Int32Array.from(contexts.flatMap((context, i) => [...context, tokens[i]!]));
  const ngrams = {
    width: width + 1,
    count: ROWS,
    tokens: rows,
    text,
    position: text,
    repeated: 0,
    unscored: 0,
  };
  return { contexts, tokens, ngrams };
}

/** Asks all questions at once, for a judge takes seconds to start. */
async function runTrials(checks: Checks, judge: GumbelJudge, trials: readonly Trial[]): Promise<void> {
  const answers = await judge.ask(trials.map(({ question }) => question));
  trials.forEach((trial, i) => {
    trial.check(checks, judge, answers[i] as never);
  });
}

/** Random rows whose uniform numbers must be equal bit for bit. */
function prepareUniforms(
  random: Random,
  width: number,
  padding: number | null,
  read: (ngrams: Ngrams) => ArrayLike<number>,
): Trial {
  const { contexts, tokens, ngrams } = drawRows(random, width, padding);
  return {
    question: { ask: 'uniforms', key: `${KEY}`, contexts, tokens },
    check(checks, judge, answer) {
      const ours = read(ngrams);
      const equal = (answer as number[]).filter((u, row) => u === ours[row]).length;
      const what = `${judge.name}: ${ROWS} uniform numbers of contexts of ${width} bit for bit`;
      checks.check(what, equal === ROWS, () => `${equal}`);
      checks.note(`${what}: ${equal} equal`);
    },
  };
}

async function judgeVllm(checks: Checks, judge: GumbelJudge): Promise<void> {
  const random = new Random(1);
  const uniforms = (ngrams: Ngrams) =>
    Array.from(new PhiloxPrf(KEY).readNgrams(ngrams), (word) =>
      Math.fround(((word >>> 8) + 1) / (2 ** 24 + 1)),
    );
  const unpack = ([sum, p, n]: readonly [number, number, number]) => ({ sum, p, n });
  const counterpart = { start: [], skipped: 0, tolerance: 1e-6, unpack: unpack as never };
  const sums = (values: Float64Array, weights: readonly number[]) =>
    values.reduce((sum, u, i) => sum - weights[i % weights.length]! * Math.log1p(-u), 0);
  const single: Counterpart = {
    ...counterpart,
    name: 'vllm-gumbel',
    mark: openVllmGumbel({ contextWidth: 4 }, KEY),
    asked: { algorithm: 'gumbel', key: `${KEY}`, contextWidth: 4 },
    score: (values) => sums(values, [1]),
  };
  const dual = (alpha: number): Counterpart => ({
    ...counterpart,
    name: `vllm-dual-gumbel, alpha ${alpha}`,
    mark: openVllmDualGumbel({ contextWidth: 4, alpha }, KEY),
    asked: { algorithm: 'dual', key: `${KEY}`, contextWidth: 4, alpha },
    route: (uniform) => (uniform < alpha ? 1 : 0),
    score: (values) => sums(values, [1 - alpha, alpha]),
  });
  await runTrials(checks, judge, [
    ...[1, 4, 7].map((width) => prepareUniforms(random, width, -1, uniforms)),
    ...[single, dual(0.1), dual(0.5)].map((one) => prepareExchange(one, random)),
    prepareDualKeyTail(),
    prepareUnderflow(),
  ]);
}

async function judgeTextSeal(checks: Checks, judge: GumbelJudge): Promise<void> {
  const random = new Random(2);
  const uniforms = (ngrams: Ngrams) =>
    Array.from(new TextSealHash(KEY).readNgrams(ngrams).hashes, (hash) => Math.fround(hash / 8191));
  const unpack = ([scores, p]: readonly [number[], number]) => {
    return { sum: scores.reduce((sum, score) => sum + score, 0), n: scores.length, p };
  };
  const contextWidth = 2;
  const gumbel: Counterpart = {
    name: 'textseal',
    mark: openTextSeal({ contextWidth }, KEY),
    asked: { type: 'gumbelmax', key: `${KEY}`, contextWidth },
    start: [5, 17],
    score: (values) => values.reduce((sum, u) => sum - Math.log1p(-u), 0),
    // Its first scored place is one behind the first whole context.
    skipped: contextWidth + 1,
    // Its logarithm is one of 1 - u in single precision: off by up to 2^-25 / (1 - u).
    tolerance: 1e-5,
    unpack: unpack as never,
  };
  await runTrials(checks, judge, [
    ...[1, 2, 4, 10].map((width) => prepareUniforms(random, width, null, uniforms)),
    prepareExchange(gumbel, random),
    ...prepareGreenlist(random),
    prepareMidP(),
    prepareNothingScored(),
  ]);
}

/** Green lists draw at random, so distributions are compared, and greens counted on one text. */
function prepareGreenlist(random: Random): Trial[] {
  const parameters = { contextWidth: 2, gamma: 0.3, delta: 2 };
  const mark = openTextSealGreenlist(parameters, KEY);
  const vocabulary = 500;
  const tokens = Int32Array.from({ length: vocabulary }, (_, i) => i);
  const id = () => Math.floor(random.uniform() * vocabulary);
  const contexts = Array.from({ length: 50 }, () => [id(), id()]);
  const logits = contexts.map(() => Array.from(tokens, () => Math.fround(6 * random.uniform())));
  const text = Array.from({ length: 2000 }, id);
  const asked = { type: 'greenlist', key: `${KEY}`, ...parameters };
  return [
    {
      question: { ask: 'distributions', ...asked, contexts, logits },
      check(checks, judge, answer) {
        let worst = 0;
        (answer as number[][]).forEach((theirs, i) => {
          const candidates = { tokens, logProbabilities: Float64Array.from(logits[i]!) };
          mark.reshape(Int32Array.from(contexts[i]!), candidates, Math.random);
          const weights = candidates.logProbabilities.map(Math.exp);
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          weights.forEach((weight, token) => {
            worst = Math.max(worst, Math.abs(weight / total - theirs[token]!));
          });
        });
        checks.check('textseal-greenlist: same distributions', worst < 1e-6, () => String(worst));
        checks.note(
          `textseal-greenlist: ${contexts.length} distributions of ${judge.name} apart by at most ${worst.toExponential(1)}`,
        );
      },
    },
    {
      question: { ask: 'detect', ...asked, texts: [text] },
      check(checks, judge, answer) {
        const [[scores]] = answer as unknown as [[number[], number]];
        const ngrams = collectText(mark, text, parameters.contextWidth + 1);
        const greens = mark.read(ngrams).reduce((sum, green) => sum + green, 0);
        const found = scores.reduce((sum, green) => sum + green, 0);
        checks.check('textseal-greenlist: same greens', greens === found, () => `${greens}, ${found}`);
        checks.note(
          `textseal-greenlist: ${found} of ${scores.length} green for ${judge.name}, ${greens} for ours`,
        );
      },
    },
  ];
}
