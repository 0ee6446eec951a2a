import { createHash } from 'node:crypto';
import { canonicalJson, type Json, toHex, utf8 } from '@phalanx/core';
import { logGamma } from '@phalanx/stats';
import { z } from 'zod';
import { refuse } from './black-box-error.js';
import { MAX_CANDIDATES, MAX_CHALLENGES } from './challenge-commitment.js';
import { MAX_COMPARED } from './equality-test.js';
import { MAX_ORDERED_TEXTS } from './order-commitment.js';
import { MAX_CONTROLS } from './paired-agreement.js';
import type { Question, TestName } from './test-result.js';

const Name = z.string().min(1).max(512);
const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Prompts = { prompts: z.int().min(1).max(100_000), promptsSha256: Hash };
const Permutations = z.int().min(19).max(10_000_000);

/** Both sides of a test of identity are asked alike. */
const Turns = {
  /** Answers of each side to a prompt. */
  samples: z.int().min(2).max(10_000),
  permutations: Permutations,
  /** Whether a random draw decides who is asked at each turn. False for answers that were collected before. */
  interleaved: z.boolean(),
  /** Whether each question carries a few random signs, so that no cache knows it. */
  uncached: z.boolean(),
};

const PlannedTest = z.discriminatedUnion('test', [
  z.strictObject({
    test: z.literal('equality'),
    ...Prompts,
    ...Turns,
    length: z.int().min(1).max(MAX_COMPARED),
    answerTokens: z.int().min(1).max(100_000),
  }),
  z.strictObject({ test: z.literal('drift'), ...Prompts, ...Turns }),
  z.strictObject({ test: z.literal('provenance'), ...Prompts }),
  z.strictObject({ test: z.literal('fingerprints'), ...Prompts, answerTokens: z.int().min(1).max(100_000) }),
  z.strictObject({
    test: z.literal('order'),
    commitment: Hash,
    /** Texts that are asked, drawn by the commitment from those at hand. */
    texts: z.int().min(8).max(MAX_ORDERED_TEXTS),
    /** Texts at hand, and their digest. */
    available: z.int().min(8).max(MAX_ORDERED_TEXTS),
    availableSha256: Hash,
    drawn: z.boolean(),
  }),
  z.strictObject({
    test: z.literal('challenges'),
    commitment: Hash,
    questions: z.int().min(1).max(MAX_CHALLENGES),
    candidates: z.int().min(2).max(MAX_CANDIDATES),
    answerTokens: z.int().min(1).max(100_000),
  }),
]);
export type PlannedTest = z.infer<typeof PlannedTest>;

/**
 * What will be tested and how it will be judged, fixed before the first question: its digest goes into the log. It holds no prompt and no secret but the seed.
 */
export const BlackBoxPlan = z.strictObject({
  version: z.literal(1),
  /** In words, with the null. */
  hypothesis: z.string().min(1).max(4096),
  suspect: Name,
  /** Our model as it is asked; null when no test asks it. */
  ours: Name.nullable(),
  /** A model that did not see our order of training, for `order`; or null. */
  reference: Name.nullable(),
  controls: z.array(Name).max(MAX_CONTROLS),
  tests: z.array(PlannedTest).min(1).max(6),
  /** At which all models are asked: 1 for tests of identity; 0, where hosts are most themselves, for the others. */
  temperature: z.number().min(0).max(2),
  /** Of whose turn it is and of labels drawn anew, 16 bytes in hex. The suspect's host shall not know it. */
  seed: z.string().regex(/^[0-9a-f]{32}$/),
  /** Wrong claims over all tries. */
  alpha: z.number().gt(0).max(0.1),
  allowedTries: z.int().min(1).max(1000),
});
export type BlackBoxPlan = z.infer<typeof BlackBoxPlan>;

/**
 * Checks a plan: besides its shape, that its tests ask one question, have the models they need, and that a test alone can reach the
 * threshold.
 *
 * @throws PhalanxError `BLACK_BOX_PLAN`
 */
export function checkPlan(plan: BlackBoxPlan): BlackBoxPlan {
  const parsed = BlackBoxPlan.safeParse(plan);
  if (!parsed.success)
    return refuse(
      'BLACK_BOX_PLAN',
      `a plan: ${z.prettifyError(parsed.error).slice(0, 300)}`,
      'Fix the plan.',
    );
  const { tests, ours, controls } = parsed.data;
  const names = tests.map(({ test }) => test);
  if (new Set(names).size < names.length)
    return refuse('BLACK_BOX_PLAN', 'one test twice', 'Name each once, with all its prompts.');
  if (new Set(names.map(questionOf)).size > 1)
    return refuse(
      'BLACK_BOX_PLAN',
      'whether it is the same model and whether it descends from ours are two questions',
      'Register two plans: equality and drift; the others.',
    );
  for (const test of names) {
    const needsOurs = test === 'equality' || test === 'drift' || test === 'provenance';
    if (needsOurs && ours === null)
      return refuse('BLACK_BOX_PLAN', `${test} asks our model too`, 'Say where it is.');
    const needsControls = test === 'provenance' || test === 'fingerprints';
    if (needsControls && controls.length === 0)
      return refuse('BLACK_BOX_PLAN', `${test} says nothing without control models`, 'Name one or more.');
  }
  const least = logLeastP(tests[0]!);
  if (tests.length === 1 && least > logThreshold(parsed.data))
    return refuse(
      'BLACK_BOX_PLAN',
      `p cannot get below 10^${(least / Math.LN10).toFixed(1)} with so few, and 10^${(logThreshold(parsed.data) / Math.LN10).toFixed(1)} is needed`,
      'Take more texts, questions, prompts or permutations.',
    );
  return parsed.data;
}

/** What a test's rejection says. */
export function questionOf(test: TestName): Question {
  return test === 'equality' || test === 'drift' ? 'identity' : 'descent';
}

/** ln of the p-value that one try has to reach: Bonferroni over the allowed tries. */
export function logThreshold({ alpha, allowedTries }: Pick<BlackBoxPlan, 'alpha' | 'allowedTries'>): number {
  return Math.log(alpha) - Math.log(allowedTries);
}

function logLeastP(test: PlannedTest): number {
  switch (test.test) {
    case 'equality':
    case 'drift':
      return -Math.log(test.permutations + 1);
    case 'order':
      return -logGamma(test.texts + 1);
    case 'challenges':
      return -test.questions * Math.log(test.candidates);
    default:
      return -test.prompts * Math.LN2;
  }
}

/** SHA-256, hex, of a plan's canonical JSON. */
export function digestPlan(plan: BlackBoxPlan): string {
  return digestOf(plan as Json);
}

/** SHA-256, hex, of the canonical JSON of what a test is given: prompts or fingerprints in order, or digests of texts. */
export function digestInputs(
  inputs: readonly (string | { readonly prompt: string; readonly expected: string })[],
): string {
  return digestOf(
    inputs.map((input) => (typeof input === 'string' ? input : [input.prompt, input.expected])) as Json,
  );
}

function digestOf(value: Json): string {
  return toHex(
    createHash('sha256')
      .update(utf8(canonicalJson(value)))
      .digest(),
  );
}
