import { Random } from '@phalanx/stats';
import {
  collectNgrams,
  deepmindSynthidParameters,
  descendingWeights,
  hfSynthidParameters,
  type Mark,
  openDeepmindSynthid,
  openHfSynthid,
  openVllmSynthid,
  testMark,
  vllmSynthidParameters,
} from '@phalanx/watermark';
import type { Checks } from './checks.js';

const CANDIDATES = 50;
const VOCABULARY = 50_000;
const TEXTS = 60;

/** Fifty tokens with normal scores, as sharp as a mean entropy asks for; another draw at each step. */
function sharpnessFor(entropy: number): number {
  const random = new Random(1);
  const draws = Array.from({ length: 400 }, () => Array.from({ length: CANDIDATES }, () => random.normal()));
  let [low, high] = [0, 60];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    const mean = draws.reduce((sum, draw) => sum + entropyOf(draw.map((x) => middle * x)), 0) / draws.length;
    if (mean > entropy) low = middle;
    else high = middle;
  }
  return low;
}

function entropyOf(scores: readonly number[]): number {
  const peak = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - peak));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.reduce(
    (sum, weight) => (weight > 0 ? sum - (weight / total) * Math.log(weight / total) : sum),
    0,
  );
}

/** Text of a source of known entropy under a mark. */
function writeText(mark: Mark, length: number, sharpness: number, random: Random): Int32Array {
  const text: number[] = new Array(mark.contextWidth).fill(mark.padding ?? 0);
  while (text.length < length + mark.contextWidth) {
    const tokens = Int32Array.from({ length: CANDIDATES }, () => random.integer(VOCABULARY)).sort();
    const logProbabilities = Float64Array.from(tokens, () => sharpness * random.normal());
    const context = Int32Array.from(text.slice(-mark.contextWidth));
    mark.reshape(context, { tokens, logProbabilities }, () => random.uniform());
    let left = random.uniform();
    const found = logProbabilities.findIndex((value) => (left -= Math.exp(value)) < 0);
    text.push(tokens[Math.max(0, found)]!);
  }
  return Int32Array.from(text.slice(mark.contextWidth));
}

const keysOf = (random: Random, depth: number) =>
  Array.from({ length: depth }, () =>
    BigInt.asIntN(64, (BigInt(random.uint32()) << 32n) | BigInt(random.uint32())),
  );

const openers: Readonly<Record<string, (random: Random, depth: number) => Mark>> = {
  'hf-synthid': (random, depth) => openHfSynthid(hfSynthidParameters.parse({}), keysOf(random, depth)),
  'deepmind-synthid': (random, depth) =>
    openDeepmindSynthid(deepmindSynthidParameters.parse({}), keysOf(random, depth)),
  'vllm-synthid': (random, depth) =>
    openVllmSynthid(
      vllmSynthidParameters.parse({ stream: 'synt', depth }),
      BigInt.asUintN(64, keysOf(random, 1)[0]!),
    ),
};

/** ln p of marked texts, by statistic. */
function testTexts(
  open: (random: Random) => Mark,
  length: number,
  sharpness: number,
  seed: number,
  exact: boolean,
) {
  const random = new Random(seed);
  const found: Record<string, number[]> = {};
  for (let i = 0; i < TEXTS; i++) {
    const mark = open(random);
    const ngrams = collectNgrams([writeText(mark, length, sharpness, random)], mark);
    const values = mark.read(ngrams);
    const layers = mark.pivot.kind === 'layers' ? mark.pivot.layers : 0;
    const add = (name: string, logP: number) => {
      (found[name] ??= []).push(logP);
    };
    if (mark.test !== undefined) add('its own test', mark.test(ngrams).logP);
    if (!exact) {
      add('mean', testMark(mark.pivot, values).logP);
      add('weighted', testMark(mark.pivot, values, { layerWeights: descendingWeights(layers) }).logP);
    }
  }
  return found;
}

const share = (logPs: readonly number[], level: number) =>
  logPs.filter((logP) => logP <= Math.log(level)).length / logPs.length;
const median10 = (logPs: readonly number[]) =>
  [...logPs].sort((a, b) => a - b)[Math.floor(logPs.length / 2)]! / Math.LN10;

/** True positive rates by entropy and length; and what a deeper tournament does to either statistic. */
export function measureSynthidPower(checks: Checks): void {
  for (const entropy of [1, 3]) {
    const sharpness = sharpnessFor(entropy);
    for (const length of entropy === 1 ? [50, 100, 200] : [50, 100])
      for (const [name, open] of Object.entries(openers)) {
        const found = testTexts(
          (random) => open(random, 30),
          length,
          sharpness,
          1000 + length,
          name !== 'vllm-synthid',
        );
        for (const [statistic, logPs] of Object.entries(found)) {
          checks.note(
            `power, ${entropy} nat, ${length} tokens, ${name}, 30 layers, ${statistic}: found at 1e-3 ${share(logPs, 1e-3).toFixed(2)}, at 1e-6 ${share(logPs, 1e-6).toFixed(2)}, median log10 p ${median10(logPs).toFixed(1)}`,
          );
          if (entropy === 1 && length === 200)
            checks.check(`${name}: 200 tokens of 1 nat are found at 1e-6`, share(logPs, 1e-6) >= 0.95);
        }
      }
  }
  measureInflation(checks);
}

/**
 * Layer inflation (arXiv 2603.03410): an operator, or an attacker who may set the depth, adds layers, and late layers hardly gain.
 * The weighted sum must lose less to it than the mean score does, and neither may cost a text of 200 tokens its p of 1e-3.
 */
function measureInflation(checks: Checks): void {
  const sharpness = sharpnessFor(1);
  const lost: Record<string, number[]> = {};
  for (const depth of [10, 30, 64]) {
    const open = openers['vllm-synthid']!;
    const found = testTexts((random) => open(random, depth), 100, sharpness, 2000, false);
    for (const [statistic, logPs] of Object.entries(found)) {
      (lost[statistic] ??= []).push(median10(logPs));
      checks.note(
        `layer inflation, 100 tokens of 1 nat, ${depth} layers, ${statistic}: median log10 p ${median10(logPs).toFixed(1)}, found at 1e-6 ${share(logPs, 1e-6).toFixed(2)}`,
      );
    }
  }
  const drop = (values: readonly number[]) => values[2]! / values[0]!;
  checks.check(
    'the weighted sum keeps more of its evidence than the mean when layers are added',
    drop(lost.weighted!) > drop(lost.mean!),
    () => JSON.stringify(lost),
  );
}
