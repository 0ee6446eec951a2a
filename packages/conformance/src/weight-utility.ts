import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Random } from '@phalanx/stats';
import { continueTokens, Llama, readLlama, ScoreVocabulary } from '@phalanx/testing';
import {
  markCopy,
  openBytesSource,
  openWeightSource,
  openWeights,
  surveyCarriers,
  type WeightFile,
} from '@phalanx/weights';
import type { Checks } from './checks.js';
import { checkAgainstTransformers, checkGreedyText, checkVocabulary } from './llama-judge.js';
import type { Suite } from './suite.js';
import { loadPairSets } from './triage-corpora.js';
import { measureCost, type ScoredText, scoreTexts, type UtilityCost } from './utility-cost.js';
import {
  loadModel,
  openModel,
  openQuantised,
  roundToBrainFloats,
  type SmallModel,
  shiftBrainFloats,
  writeModel,
} from './weight-children.js';

const PACKAGES = [
  'numpy==2.4.6',
  'torch==2.15.0',
  'transformers==5.23.0',
  'safetensors==0.8.0',
  'sentencepiece==0.2.3',
  'protobuf==7.36.2',
];
/** Tokens of a text, and texts of each kind. */
const [LENGTH, OWN, REAL] = [192, 24, 24];

/** What changes of weights cost a real small model in what it says. */
export const weightUtility: Suite = {
  name: 'weight-utility',
  what: 'a Llama in TypeScript before PyTorch; loss and divergence of a model after rounding, marks of some ulps, Q8_0, Q4_0',
  async run(checks, { vectors, python }) {
    const path = vectors === null ? null : join(vectors, 'models/stories260K.bin.gz');
    if (vectors === null || path === null || !existsSync(path)) {
      checks.skip('no models of llama2.c');
      return;
    }
    const base = await openWeightSource(openBytesSource(gunzipSync(readFileSync(path)), 'stories260K'));
    const model = new Llama(await readLlama(base));
    const pieces = join(vectors, 'models/tok512.bin');
    const vocabulary = new ScoreVocabulary(readFileSync(pieces));
    checkGreedyText(checks, model, vocabulary);
    const random = new Random(20_261_123);
    const own = Array.from({ length: OWN }, () => continueTokens(model, [1], { length: LENGTH, random }));
    const people = loadPeople(vectors);
    if (people === null) checks.skip('no texts of people');
    const real = (people ?? []).map((text) => vocabulary.encode(text).subarray(0, LENGTH));
    const judge = await python.open(PACKAGES);
    if (typeof judge === 'string') checks.skip(judge);
    else {
      const folder = await mkdtemp(join(tmpdir(), 'phalanx-utility-'));
      try {
        const sequences = [own[0]!, own[1]!, ...real.slice(0, 2)];
        await checkAgainstTransformers(checks, judge, base, folder, sequences);
        const texts = [...AWKWARD, ...own.map((tokens) => vocabulary.decode(tokens)), ...(people ?? [])];
        await checkVocabulary(checks, judge, pieces, vocabulary, texts);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    await checkCost(checks, base, 'its own text', scoreTexts(model, own));
    if (real.length > 0) await checkCost(checks, base, 'text of people', scoreTexts(model, real));
  },
};

const AWKWARD = [
  '',
  ' ',
  'a  b   c',
  'Lily said, "Let\'s go!"\nThen\n\nshe\tran.',
  'naïve café, 日本語 and Ωμέγα 🦊',
  'aaaaaaaaaaaaaaaaaaaaaaaa',
  'function f(x) { return x ** 2; } // {{}}',
];

/** Texts that people wrote: the beginnings of stories and news. */
function loadPeople(vectors: string): readonly string[] | null {
  const sets = loadPairSets(join(vectors, 'data/ai-text'));
  if (sets === null) return null;
  const texts = sets
    .filter(({ name }) => name.endsWith('gpt-4'))
    .flatMap(({ human }) => human.slice(0, REAL / 2));
  return texts.map((text) => [...text].slice(0, 500).join(''));
}

async function checkCost(
  checks: Checks,
  base: WeightFile,
  what: string,
  texts: readonly ScoredText[],
): Promise<void> {
  const model = await loadModel(base);
  const rounded = roundToBrainFloats(model);
  const heads = Number(base.metadata.get('n_heads'));
  const marked = (steps: number, share: number) => openModel(shiftBrainFloats(rounded, steps, share, 7));
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-marked-'));
  const copy = (amplitude: number, share: number) => openMarkedCopy(model, folder, amplitude, share);
  const variants = {
    unchanged: openModel(model),
    bf16: openModel(rounded),
    '1 ulp on 6 %': marked(1, 0.06),
    '1 ulp on 100 %': marked(1, 1),
    '2 ulp on 100 %': marked(2, 1),
    '4 ulp on 100 %': marked(4, 1),
    'a traceable copy, 1 ulp on 6 %': copy(1, 0.06),
    'a traceable copy, 1 ulp on 100 %': copy(1, 1),
    'a traceable copy, 4 ulp on 100 %': copy(4, 1),
    Q8_0: openQuantised(model, 'Q8_0'),
    Q4_0: openQuantised(model, 'Q4_0'),
  };
  const costs = new Map<string, UtilityCost>();
  for (const [name, file] of Object.entries(variants)) {
    const cost = await measureCost(await file, heads, texts);
    await (await file).close();
    costs.set(name, cost);
    checks.note(
      `${what}, ${name}: loss ${cost.loss.toFixed(5)} (${cost.lossChange >= 0 ? '+' : ''}${cost.lossChange.toFixed(5)} +- ${cost.standardError.toFixed(5)}), KL ${cost.divergence.toExponential(1)}`,
    );
  }
  await rm(folder, { recursive: true, force: true });
  const divergence = (name: string) => costs.get(name)!.divergence;
  const positions = texts.reduce((sum, { tokens }) => sum + tokens.length - 1, 0);
  checks.note(
    `${what}: ${texts.length} texts, ${positions} tokens; marks are over bf16, KL is to the model in f32`,
  );
  checks.check(`${what}: the same model`, divergence('unchanged') < 1e-7, () =>
    String(divergence('unchanged')),
  );
  const order = ['unchanged', 'bf16', '1 ulp on 6 %', '1 ulp on 100 %', '2 ulp on 100 %', '4 ulp on 100 %'];
  for (const [i, name] of order.slice(1).entries())
    checks.check(`${what}: ${name} costs more than ${order[i]}`, divergence(name) > divergence(order[i]!));
  checks.check(`${what}: marks on 6 % cost less than Q8_0`, divergence('1 ulp on 6 %') < divergence('Q8_0'));
  checks.check(
    `${what}: marks on all cost less than Q4_0`,
    divergence('1 ulp on 100 %') < divergence('Q4_0'),
  );
  // Marks lie in numbers above a threshold alone, so that a copy costs no more than if they lay anywhere.
  for (const size of ['1 ulp on 6 %', '1 ulp on 100 %', '4 ulp on 100 %'])
    checks.check(
      `${what}: a traceable copy, ${size}`,
      divergence(`a traceable copy, ${size}`) < 1.25 * divergence(size),
      () => `${divergence(`a traceable copy, ${size}`)} and ${divergence(size)}`,
    );
  const { lossChange } = costs.get('1 ulp on 6 %')!;
  checks.check(`${what}: loss under marks on 6 %`, Math.abs(lossChange) < 0.005, () => String(lossChange));
}

/** The copy of one holder, as `phalanx weights mark` writes it from the model in bf16. */
async function openMarkedCopy(
  model: SmallModel,
  folder: string,
  amplitude: number,
  share: number,
): Promise<WeightFile> {
  const base = join(folder, 'base.safetensors');
  writeFileSync(base, await writeModel(model, 'BF16'));
  const file = await openWeights(base);
  const { tensors } = await surveyCarriers(file);
  await file.close();
  const parameters = { codeLength: 1_024, colluders: 2, amplitude, share: Math.round(share * 65_536) };
  const key = { secret: new Uint8Array(32).fill(7), parameters, tensors };
  const copy = join(folder, `copy-${amplitude}-${share}.safetensors`);
  await markCopy(base, copy, key, { kind: 'recipient', name: 'lab' });
  return openWeights(copy);
}
