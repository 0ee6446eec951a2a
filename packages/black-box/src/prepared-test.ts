import { createHash } from 'node:crypto';
import type { SuspectModel } from '@phalanx/suspect';
import { demand } from './black-box-error.js';
import { type ChallengeOpening, commitChallenges } from './challenge-commitment.js';
import { replayChallenges } from './challenge-replay.js';
import { testEquality } from './equality-test.js';
import { type Fingerprint, replayFingerprints } from './fingerprint-replay.js';
import { testDrift } from './logprob-tracking.js';
import { commitOrder, digestText, type OrderOpening } from './order-commitment.js';
import { testOrder } from './order-test.js';
import { type BlackBoxPlan, digestInputs, type PlannedTest } from './plan.js';
import { matchProvenance } from './provenance-match.js';
import { WORD_TOKENS } from './question-count.js';
import {
  askEach,
  askInTurns,
  firstPrediction,
  type OnAnswer,
  openRandom,
  scoreEach,
  textOf,
} from './questioning.js';
import type { TestResult } from './test-result.js';

/** What is asked, and of whom; the plan holds the digests. */
export interface BlackBoxParts {
  readonly suspect: SuspectModel;
  readonly ours?: SuspectModel;
  readonly reference?: SuspectModel;
  readonly controls?: readonly SuspectModel[];
  /** Prompts of `equality`, `drift` and `provenance`. */
  readonly prompts?: Partial<Readonly<Record<'equality' | 'drift' | 'provenance', readonly string[]>>>;
  readonly fingerprints?: readonly Fingerprint[];
  /** Opening, and the texts at hand. */
  readonly order?: { readonly opening: OrderOpening; readonly texts: readonly string[] };
  readonly challenges?: ChallengeOpening;
  /** Of these tries, from 1. Default 1. */
  readonly tryNumber?: number;
  /** Logs the plan and says where. Nothing is asked before it has. */
  readonly register: (plan: BlackBoxPlan, planSha256: string) => Promise<string>;
  readonly onProgress?: (asked: number, test: string) => void;
}

/** Asks and tests. */
export type Run = (onAnswer: OnAnswer) => Promise<TestResult>;

/**
 * Checks what a test is given against the plan, before anything is registered or asked.
 *
 * @throws PhalanxError `BLACK_BOX_PLAN` or `BLACK_BOX_COMMITMENT` when it is not what the plan says
 */
export function prepareTest(test: PlannedTest, plan: BlackBoxPlan, parts: BlackBoxParts): Run {
  const { suspect, controls = [] } = parts;
  const draw = (use: string) => openRandom(plan.seed, `${test.test} ${use} ${parts.tryNumber ?? 1}`);
  const askAll = async (prompts: readonly string[], maxTokens: number, onAnswer: OnAnswer) => {
    const answers: { model: string; answers: string[] }[] = [];
    for (const model of controls)
      answers.push({ model: model.id, answers: await askEach(model, prompts, maxTokens, onAnswer) });
    return answers;
  };
  switch (test.test) {
    case 'equality':
    case 'drift': {
      const prompts = requirePrompts(parts.prompts?.[test.test], test);
      const ours = parts.ours!;
      return async (onAnswer) => {
        const maxTokens = test.test === 'drift' ? 1 : test.answerTokens;
        const told = await askInTurns(ours, suspect, prompts, {
          samples: test.samples,
          maxTokens,
          random: draw('turns'),
          uncached: test.uncached,
          onAnswer,
        });
        const options = {
          permutations: test.permutations,
          interleaved: test.interleaved,
          random: draw('labels'),
        };
        if (test.test === 'drift')
          return testDrift(
            told.map(([before, after]) => ({
              before: before.map((answer) => firstPrediction(ours, answer)),
              after: after.map((answer) => firstPrediction(suspect, answer)),
            })),
            options,
          );
        return testEquality(
          told.map(([own, theirs]) => ({
            ours: own.map(({ passage }) => textOf(passage)),
            theirs: theirs.map(({ passage }) => textOf(passage)),
          })),
          { ...options, length: test.length },
        );
      };
    }
    case 'provenance': {
      const prompts = requirePrompts(parts.prompts?.provenance, test);
      return async (onAnswer) =>
        matchProvenance({
          ours: await askEach(parts.ours!, prompts, WORD_TOKENS, onAnswer),
          suspect: await askEach(suspect, prompts, WORD_TOKENS, onAnswer),
          controls: await askAll(prompts, WORD_TOKENS, onAnswer),
        });
    }
    case 'fingerprints': {
      const fingerprints = parts.fingerprints ?? [];
      requireInputs(fingerprints, test);
      const prompts = fingerprints.map(({ prompt }) => prompt);
      return async (onAnswer) =>
        replayFingerprints({
          fingerprints,
          suspect: await askEach(suspect, prompts, test.answerTokens, onAnswer),
          controls: await askAll(prompts, test.answerTokens, onAnswer),
        });
    }
    case 'order':
      return prepareOrder(test, parts);
    case 'challenges': {
      const opening = parts.challenges;
      demand(
        opening !== undefined &&
          commitChallenges(opening) === test.commitment &&
          opening.questions.length === test.questions &&
          opening.candidates.length === test.candidates,
        'BLACK_BOX_COMMITMENT',
        'the challenges are not those of the plan',
        'Give the file that was kept.',
      );
      return async (onAnswer) =>
        replayChallenges(opening, await askEach(suspect, opening.questions, test.answerTokens, onAnswer));
    }
  }
}

function prepareOrder(
  test: Extract<PlannedTest, { test: 'order' }>,
  { order, suspect, reference }: BlackBoxParts,
): Run {
  demand(
    order !== undefined &&
      commitOrder(order.opening) === test.commitment &&
      (order.opening.seed !== null) === test.drawn,
    'BLACK_BOX_COMMITMENT',
    'the order is not that of the plan',
    'Give the file that was kept.',
  );
  const positions = new Map(order.opening.texts.map((digest, position) => [digest, position]));
  const known = new Map<string, string>();
  for (const text of order.texts) {
    const digest = digestText(text);
    demand(
      positions.has(digest) && !known.has(digest),
      'BLACK_BOX_COMMITMENT',
      'a text that is not in the order, or is there twice',
      'Give texts as they were trained on, byte for byte.',
    );
    known.set(digest, text);
  }
  const digests = [...known.keys()].sort();
  demand(
    digests.length === test.available && digestInputs(digests) === test.availableSha256,
    'BLACK_BOX_PLAN',
    'the texts are not those of the plan',
    'Register the plan anew.',
  );
  // By digest, so that neither the choice nor the order of asking has to do with the order of training; by the commitment, so that
  // nobody who has asked in private can pick a seed under which the answers look well.
  const chosen = digests
    .map((digest) => ({
      digest,
      rank: createHash('sha256').update(`${test.commitment} ${digest}`).digest('hex'),
    }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, test.texts)
    .map(({ digest }) => digest);
  demand(
    chosen.length === test.texts,
    'BLACK_BOX_PLAN',
    `${chosen.length} texts, of ${test.texts} planned`,
    'Plan for fewer.',
  );
  const texts = chosen.map((digest) => known.get(digest)!);
  return async (onAnswer) => {
    const own = await scoreEach(suspect, texts, onAnswer);
    const other = reference === undefined ? null : await scoreEach(reference, texts, onAnswer);
    const ordered = chosen.map((digest, i) => ({
      position: positions.get(digest)!,
      logLikelihood: own[i]!,
      reference: other?.[i] ?? null,
    }));
    const result = testOrder(ordered, {
      random: openRandom(test.commitment, 'uniforms'),
      drawn: test.drawn,
    });
    if (test.available === positions.size) return result;
    const part = `${test.available} of ${positions.size} committed texts were at hand: who chose them must not have known the suspect's likelihoods.`;
    return { ...result, cautions: [...result.cautions, part] };
  };
}

function requirePrompts(
  prompts: readonly string[] | undefined,
  test: Extract<PlannedTest, { promptsSha256: string }>,
): readonly string[] {
  requireInputs(prompts ?? [], test);
  return prompts!;
}

function requireInputs(
  inputs: readonly (string | Fingerprint)[],
  test: Extract<PlannedTest, { promptsSha256: string }>,
): void {
  demand(
    inputs.length === test.prompts && digestInputs(inputs) === test.promptsSha256,
    'BLACK_BOX_PLAN',
    `the prompts of ${test.test} are not those of the plan`,
    'Register the plan anew.',
  );
  const distinct = new Set(inputs.map((input) => (typeof input === 'string' ? input : input.prompt)));
  demand(
    distinct.size === inputs.length,
    'BLACK_BOX_PLAN',
    `a prompt of ${test.test} stands twice`,
    'Leave repeats out: each counts as an independent draw.',
  );
}
