import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  type BlackBoxPlan,
  type BlackBoxResult,
  digestInputs,
  type ProvenanceResult,
  testBlackBox,
} from '@phalanx/black-box';
import { Random } from '@phalanx/stats';
import { openApiSuspect } from '@phalanx/suspect';
import {
  continueTokens,
  Llama,
  readLlama,
  ScoreVocabulary,
  type ServedModel,
  serveModels,
} from '@phalanx/testing';
import { openBytesSource, openWeightSource } from '@phalanx/weights';
import type { Checks } from './checks.js';

const BASE = 'stories260K';
const CHILDREN = ['att_q4_0', 'att_prune50', 'ft_lr1e-3_1000', 'ft_lr1e-3_4000'];
const STRANGERS = ['indep11_300', 'indep12_300'];
const [PROMPTS, PROMPT_TOKENS] = [120, 24];

/** Real small models of known descent, asked over HTTP. */
export async function checkLlamas(checks: Checks, vectors: string | null): Promise<void> {
  const folder = vectors === null ? null : join(vectors, 'models');
  if (folder === null || !existsSync(join(folder, `${BASE}.bin.gz`))) {
    checks.skip('no models of llama2.c');
    return;
  }
  const vocabulary = new ScoreVocabulary(readFileSync(join(folder, 'tok512.bin')));
  const llamas = new Map<string, Llama>();
  for (const name of [BASE, ...CHILDREN, ...STRANGERS]) {
    const bytes = gunzipSync(readFileSync(join(folder, `${name}.bin.gz`)));
    llamas.set(name, new Llama(await readLlama(await openWeightSource(openBytesSource(bytes, name)))));
  }
  const random = new Random(44);
  const own = Array.from({ length: PROMPTS }, () =>
    vocabulary.decode(continueTokens(llamas.get(BASE)!, [1], { length: PROMPT_TOKENS, random })),
  );
  const prompts = [...new Set(own)].filter((prompt) => prompt.trim() !== '');
  const served = new Map([...llamas].map(([name, llama]) => [name, serveLlama(llama, vocabulary)]));
  const endpoint = await serveModels(served, random);
  try {
    await checkDescent(checks, endpoint.url, prompts);
    await checkIdentity(checks, endpoint.url, prompts.slice(0, 12));
  } finally {
    await endpoint.close();
  }
}

function serveLlama(llama: Llama, vocabulary: ScoreVocabulary): ServedModel {
  const all = Int32Array.from({ length: llama.vocabulary }, (_, token) => token);
  return {
    encode: (text) => vocabulary.encode(text),
    decode: (tokens) => vocabulary.decode(tokens),
    begin: () => {
      const feed = llama.begin();
      let logProbabilities = new Float64Array(llama.vocabulary).fill(-Math.log(llama.vocabulary));
      return {
        next: () => ({ tokens: all, logProbabilities }),
        push: (token) => {
          logProbabilities = Float64Array.from(feed(token));
        },
      };
    },
  };
}

/** Agreement on what the base would go on with, beside a model that is none of its children. */
async function checkDescent(checks: Checks, url: string, prompts: readonly string[]): Promise<void> {
  const test = { test: 'provenance', prompts: prompts.length, promptsSha256: digestInputs(prompts) } as const;
  for (const suspect of [...CHILDREN, STRANGERS[1]!]) {
    const result = await run(url, suspect, [STRANGERS[0]!], [test], 0, { provenance: prompts });
    const { rate, comparisons, logP } = result.tests[0] as ProvenanceResult;
    checks.note(
      `provenance of ${suspect}: agrees on ${(100 * rate).toFixed(1)} % of ${prompts.length} prompts, the control on ${(100 * comparisons[0]!.rate).toFixed(1)} %, log10 p ${(logP / Math.LN10).toFixed(1)}: ${result.verdict}`,
    );
    if (suspect === 'att_q4_0') checks.equal(`provenance of ${suspect}`, result.verdict, 'resembles');
    if (suspect.startsWith('indep')) checks.equal(`provenance of ${suspect}`, result.verdict, 'not shown');
  }
}

/** Whether the served model is the base: texts and log-probabilities, asked in turns. */
async function checkIdentity(checks: Checks, url: string, prompts: readonly string[]): Promise<void> {
  const inputs = { prompts: prompts.length, promptsSha256: digestInputs(prompts) };
  const turns = { samples: 8, permutations: 1999, interleaved: true, uncached: false };
  const equality = { test: 'equality', ...inputs, ...turns, length: 40, answerTokens: 12 } as const;
  const drift = { test: 'drift', ...inputs, ...turns } as const;
  for (const suspect of [BASE, 'att_q4_0', 'ft_lr1e-3_1000', STRANGERS[0]!]) {
    const results = [];
    for (const test of [equality, drift])
      results.push(await run(url, suspect, [], [test], 1, { [test.test]: prompts }));
    const shown = results.map(
      ({ tests: [test], verdict }) =>
        `${test!.test} ${test!.effect.value.toPrecision(2)}, log10 p ${(test!.logP / Math.LN10).toFixed(2)}, ${verdict}`,
    );
    checks.note(`identity of ${suspect} with ${BASE}: ${shown.join('; ')}`);
    const [texts, told] = results.map(({ verdict }) => verdict);
    if (suspect === BASE)
      checks.check(`${suspect} is itself`, texts === 'not shown' && told === 'not shown', () => shown.join());
    else checks.equal(`drift of ${suspect}`, told!, 'differs');
    if (suspect.startsWith('indep')) checks.equal(`equality of ${suspect}`, texts!, 'differs');
  }
}

function run(
  url: string,
  name: string,
  controls: readonly string[],
  tests: BlackBoxPlan['tests'],
  temperature: number,
  prompts: Readonly<Record<string, readonly string[]>>,
): Promise<BlackBoxResult> {
  const open = (model: string) =>
    openApiSuspect({ url, model, dialect: 'completions', temperature, topLogProbabilities: 5 });
  const [suspect, ours, others] = [open(name), open(BASE), controls.map(open)];
  const plan: BlackBoxPlan = {
    version: 1,
    hypothesis: 'of a suite',
    suspect: suspect.id,
    ours: ours.id,
    reference: null,
    controls: others.map(({ id }) => id),
    tests,
    temperature,
    seed: '00112233445566778899aabbccddeeff',
    alpha: 0.001,
    allowedTries: 1,
  };
  return testBlackBox(plan, { suspect, ours, controls: others, prompts, register: async () => 'a suite' });
}
