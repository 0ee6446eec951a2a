import { Random } from '@phalanx/stats';
import {
  collectNgrams,
  deepmindSynthidParameters,
  hfSynthidParameters,
  type Mark,
  maskLikeSynthid,
  openDeepmindSynthid,
  openHfSynthid,
  runTournament,
  SynthidPrf,
  testMark,
} from '@phalanx/watermark';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import {
  askSynthid,
  type ReadJob,
  type SynthidEngine,
  type UpdateJob,
  type WriteJob,
} from './synthid-judge.js';
import { layersOf, unfold } from './synthid-rows.js';

const UPDATES = 4000;
const WRITTEN = 220;
const VOCABULARY = 80;
const SHARPNESS = 1.5;
const PROMPT = [7, 7, 7, 3, 1];

/** The mark that reads what an engine writes. */
export function openMark(engine: SynthidEngine): Mark {
  const keys = engine.keys.map(BigInt);
  const { ngram: ngramLength, tableSize, tableSeed, skipFirst, leaves } = engine;
  const common = { ngramLength, skipFirst, leaves };
  return engine.judge === 'deepmind'
    ? openDeepmindSynthid(deepmindSynthidParameters.parse(common), keys)
    : openHfSynthid(hfSynthidParameters.parse({ ...common, tableSize, tableSeed }), keys);
}

/** ln p of a text under a mark: its exact test where it has one. */
export function logPOf(mark: Mark, tokens: Int32Array): number {
  const ngrams = collectNgrams([tokens], mark);
  return (mark.test?.(ngrams) ?? testMark(mark.pivot, mark.read(ngrams))).logP;
}

/** Keys as an operator might draw them: of 64 bits, or small numbers as in upstream's example. */
export function drawKeys(random: Random, depth: number, small: boolean): string[] {
  const drawn = new Set<string>();
  while (drawn.size < depth) {
    const wide = BigInt.asIntN(64, (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()));
    drawn.add(small ? `${random.integer(1000)}` : `${wide}`);
  }
  return [...drawn];
}

/** Readings, masks, scores, shapes and texts of three judges against ours, on random settings. */
export async function compareBothWays(checks: Checks, python: Python, folder: string): Promise<void> {
  const random = new Random(20261122);
  const reads = drawReads(random);
  const update = drawUpdates(random);
  const writes = drawWrites(random);
  const unreleased: SynthidEngine = { judge: 'deepmind', keys: drawKeys(random, 30, false), ngram: 5 };
  const ours = [...writes, unreleased].map((job) => ({ job, tokens: writeText(openMark(job), random) }));
  const readOurs = ours.map(
    ({ job, tokens }): ReadJob => ({ ...engineOf(job), job: 'read', texts: [[...tokens]], end: -1 }),
  );
  const answers = await askSynthid(python, folder, [...reads, ...readOurs, update, ...writes] as const);
  const read = answers.slice(0, reads.length + readOurs.length);
  let compared = 0;
  [...reads, ...readOurs].forEach((job, i) => {
    job.texts.forEach((text, t) => {
      compared += text.length;
      compareReading(checks, job, Int32Array.from(text), (read[i] as never[])[t]!);
    });
  });
  checks.note(
    `${compared} tokens read alike by transformers, the synthid-text wheel and its main branch’s hash`,
  );
  compareUpdates(checks, update, answers[reads.length + readOurs.length] as never);
  writes.forEach((job, i) => {
    const name = `${job.judge}, ${job.keys.length} layers, ${job.leaves ?? 2} leaves`;
    const answer = answers[reads.length + readOurs.length + 1 + i] as never as {
      tokens: number[];
      shapes: { scores: number[]; probabilities: number[] }[];
    };
    const mark = openMark(job);
    compareShapes(checks, name, mark, answer);
    const logP = logPOf(mark, Int32Array.from(answer.tokens));
    checks.check(`${name}: its text is found by ours`, logP < Math.log(1e-6), () => `ln p ${logP}`);
    const stranger = openMark({ ...job, keys: drawKeys(random, job.keys.length, false) });
    const other = logPOf(stranger, Int32Array.from(answer.tokens));
    checks.check(`${name}: not under another key`, other > Math.log(1e-6), () => `ln p ${other}`);
    checks.note(
      `${name}: ${job.steps} tokens it wrote have log10 p ${(logP / Math.LN10).toFixed(1)} with us`,
    );
  });
  ours.forEach(({ job, tokens }, i) => {
    const name = `${job.judge}, ${job.keys.length} layers, ${job.leaves ?? 2} leaves`;
    const back = (read[reads.length + i] as never as { mean: number }[])[0]!;
    checks.check(`${name}: our text is found by it`, back.mean > 0.56, () => `mean ${back.mean}`);
    checks.note(
      `${name}: its mean score of ${tokens.length} tokens that we wrote is ${back.mean.toFixed(3)}`,
    );
  });
}

function engineOf({ judge, keys, ngram, tableSize, tableSeed, skipFirst, leaves }: SynthidEngine) {
  return JSON.parse(
    JSON.stringify({ judge, keys, ngram, tableSize, tableSeed, skipFirst, leaves }),
  ) as SynthidEngine;
}

function drawReads(random: Random): ReadJob[] {
  return Array.from({ length: 45 }, (_, i): ReadJob => {
    const judge = (['hf', 'wheel', 'deepmind'] as const)[i % 3]!;
    const alphabet = [4, 60, 50_000, 262_144][i % 4]!;
    const text = (length: number) => Array.from({ length }, () => random.integer(alphabet));
    const repeated = text(60);
    return {
      job: 'read',
      judge,
      keys: drawKeys(random, 1 + random.integer(40), i % 2 === 0),
      ngram: 2 + random.integer(6),
      tableSize: 2 ** [12, 14, 16, 18, 20][i % 5]!,
      tableSeed: random.integer(2 ** 31),
      history: i % 3 === 0 ? 16 : 1024,
      texts: [text(150), [...repeated, ...text(40), ...repeated]],
      end: random.integer(alphabet),
    };
  });
}

function compareReading(
  checks: Checks,
  job: ReadJob,
  tokens: Int32Array,
  answer: { words: string[]; repetition: number[]; end: number[]; mean: number; weighted: number },
): void {
  const { ngram, judge } = job;
  const name = `${judge}, n ${ngram}, ${job.keys.length} layers`;
  const depth = job.keys.length;
  const layers = layersOf(openMark(job).read(unfold(tokens, ngram)), depth);
  layers.forEach((bits, row) => {
    const word = bits.reduce((sum, bit, layer) => sum + (BigInt(bit) << BigInt(layer)), 0n);
    checks.equal(`${name}: layers of n-gram ${row}`, `${word}`, answer.words[row]!);
  });
  const start = judge === 'deepmind' ? new SynthidPrf(job.keys.map(BigInt)).start : 1n;
  const masked = (endToken?: number) =>
    maskLikeSynthid(tokens, {
      ngramLength: ngram,
      history: job.history ?? 1024,
      start,
      ...(endToken === undefined ? {} : { endToken }),
    }).subarray(ngram - 1);
  checks.equal(`${name}: repeated contexts`, masked().join(''), answer.repetition.join(''));
  const mask = masked(job.end);
  const both = answer.repetition.map((bit, i) => bit * answer.end[i]!);
  checks.equal(`${name}: with the end`, mask.join(''), both.join(''));
  let [mean, weighted, scored] = [0, 0, 0];
  const weights = Array.from({ length: depth }, (_, l) => (depth === 1 ? 10 : 10 - (9 * l) / (depth - 1)));
  const total = weights.reduce((a, b) => a + b, 0);
  layers.forEach((bits, row) => {
    if (mask[row] === 0) return;
    scored++;
    bits.forEach((bit, l) => {
      mean += bit / depth;
      weighted += (bit * weights[l]!) / total;
    });
  });
  if (scored === 0) return;
  const near = (a: number, b: number) => Math.abs(a - b) < 1e-9;
  checks.check(
    `${name}: mean score`,
    near(mean / scored, answer.mean),
    () => `${mean / scored}, ${answer.mean}`,
  );
  checks.check(`${name}: weighted mean score`, near(weighted / scored, answer.weighted));
}

function drawUpdates(random: Random): UpdateJob {
  return {
    job: 'update',
    cases: Array.from({ length: UPDATES }, (_, i) => {
      const size = 2 + random.integer(30);
      const spread = [0.5, 3, 20][i % 3]!;
      return {
        scores: Array.from({ length: size }, () => spread * random.normal()),
        words: Array.from({ length: size }, () => `${random.uint32()}`),
        depth: 1 + random.integer(32),
        leaves: i % 4 === 0 ? 3 + random.integer(4) : 2,
      };
    }),
  };
}

/** Probabilities are compared: what is left of a token that can hardly come differs in its last digits' logarithm. */
function compareUpdates(checks: Checks, { cases }: UpdateJob, answers: (number | null)[][]): void {
  let worst = 0;
  cases.forEach(({ scores, words, depth, leaves }, i) => {
    const logProbabilities = Float64Array.from(scores);
    const bits = Uint32Array.from(words, Number);
    runTournament({ tokens: Int32Array.from(scores.keys()), logProbabilities }, bits, depth, leaves);
    let error = 0;
    logProbabilities.forEach((value, token) => {
      const expected = answers[i]![token];
      const theirs = expected === null || expected === undefined ? 0 : Math.exp(expected);
      error = Math.max(error, Math.abs(Math.exp(value) - theirs));
    });
    worst = Math.max(worst, error);
    checks.check(`update_scores ${i}, ${leaves} leaves`, error < 1e-12, () => `${error}`);
  });
  checks.note(
    `update_scores on ${cases.length} random inputs: probabilities differ by ${worst.toExponential(1)} at most`,
  );
}

function drawWrites(random: Random): WriteJob[] {
  const engines = [
    { judge: 'hf', depth: 30 },
    { judge: 'hf', depth: 9, skipFirst: true },
    { judge: 'hf', depth: 30, tableSize: 2 ** 14, tableSeed: 5 },
    { judge: 'wheel', depth: 30 },
    { judge: 'wheel', depth: 20, leaves: 3 },
  ] as const;
  return engines.map(({ depth, ...engine }, i) => ({
    ...engine,
    job: 'write',
    keys: drawKeys(random, depth, i % 2 === 1),
    ngram: 5,
    prompt: PROMPT,
    vocabulary: VOCABULARY,
    steps: WRITTEN,
    shapes: 60,
    sharpness: SHARPNESS,
    seed: i,
  }));
}

/** The engine's own rule for each step: zeros before the answer, repeated contexts and skipped calls left as they are. */
function compareShapes(
  checks: Checks,
  name: string,
  mark: Mark,
  answer: { tokens: number[]; shapes: { scores: number[]; probabilities: number[] }[] },
): void {
  const width = mark.contextWidth;
  const seen = new Set<string>();
  answer.shapes.forEach(({ scores, probabilities }, step) => {
    const context = Int32Array.from(
      [...new Array<number>(width).fill(0), ...answer.tokens.slice(0, step)].slice(-width),
    );
    const logProbabilities = Float64Array.from(scores);
    const skipped = mark.padding === null && step < width;
    const candidates = { tokens: Int32Array.from(scores.keys()), logProbabilities };
    if (!skipped && !seen.has(context.join())) mark.reshape(context, candidates, () => 0);
    if (!skipped) seen.add(context.join());
    const sum = logProbabilities.reduce((total, value) => total + Math.exp(value), 0);
    const error = Math.max(
      ...probabilities.map((p, token) => Math.abs(p - Math.exp(logProbabilities[token]!) / sum)),
    );
    checks.check(`${name}: shape of step ${step}`, error < 1e-9, () => `${error}`);
  });
}

function writeText(mark: Mark, random: Random): Int32Array {
  const tokens = Int32Array.from({ length: VOCABULARY }, (_, i) => i);
  const text: number[] = new Array(mark.contextWidth).fill(0);
  const seen = new Set<string>();
  while (text.length < WRITTEN + mark.contextWidth) {
    const logProbabilities = Float64Array.from(tokens, () => SHARPNESS * random.normal());
    const context = Int32Array.from(text.slice(-mark.contextWidth));
    if (!seen.has(context.join()))
      mark.reshape(context, { tokens, logProbabilities }, () => random.uniform());
    seen.add(context.join());
    const weights = logProbabilities.map(Math.exp);
    let left = random.uniform() * weights.reduce((a, b) => a + b, 0);
    text.push(
      Math.max(
        0,
        weights.findIndex((weight) => (left -= weight) < 0),
      ),
    );
  }
  return Int32Array.from(text.slice(mark.contextWidth));
}
