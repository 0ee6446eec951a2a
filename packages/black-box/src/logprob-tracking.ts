import { logMixtureE, type Random } from '@phalanx/stats';
import type { Prediction } from '@phalanx/suspect';
import { demand, requireInteger } from './black-box-error.js';
import { describeExchange } from './equality-test.js';
import { findRepetition } from './repetition.js';
import { testLabels } from './sample-labels.js';
import type { TestResult } from './test-result.js';

/** What two models, or one at two times, say may come first after one prompt, asked again and again. */
export interface PromptPredictions {
  readonly before: readonly Prediction[];
  readonly after: readonly Prediction[];
}

export interface DriftOptions {
  /** Labels drawn anew. Default 9,999. */
  readonly permutations?: number;
  readonly random: Random;
  /** Whether a random draw decided which side was asked at each turn. Default false. */
  readonly interleaved?: boolean;
}

/** ln of a probability below which nothing is told apart: hosts tell -9999 or -Infinity for "none". */
const FLOOR = -100;
const MAX_WORK = 1e10;

/**
 * Whether an API still serves the same weights: tracking of log-probabilities (arXiv 2512.03816). One-token answers with the likeliest
 * candidates; statistic: the distance `|mean before - mean after|` of each candidate's log-probability, averaged over the candidates of a prompt and over
 * prompts. A candidate that an answer does not tell counts as the least that this answer tells. P-value: permutation of the labels within each prompt, as in
 * `testEquality`. It finds changes that no text shows, and so finds another graphics card or batch size as well: drift, not theft.
 *
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` for no prompt, a side without an answer, or token ids for candidates
 */
export function testDrift(predictions: readonly PromptPredictions[], options: DriftOptions): TestResult {
  const { permutations = 9999, random, interleaved = false } = options;
  requireInteger(permutations, 'permutations', 19, 10_000_000);
  requireInteger(predictions.length, 'prompts', 1, 100_000);
  const tables = predictions.map(buildTable);
  const work = tables.reduce((sum, { values }) => sum + values.length, 0) * permutations;
  demand(
    work <= MAX_WORK,
    'BLACK_BOX_ARGUMENT',
    `${work.toExponential(1)} additions, of ${MAX_WORK.toExponential(0)} at most`,
    'Take fewer answers, candidates or permutations.',
  );
  const { observed: distance, logP } = testLabels(
    tables.map(({ before, all }) => ({ first: before, all })),
    (labels) => measure(tables, labels),
    { permutations, random },
  );
  const spelled = (side: readonly Prediction[]) =>
    side.map(({ candidates, logProbabilities }) => `${[...candidates]} ${[...logProbabilities]}`);
  const repeated = findRepetition(
    predictions.map(({ before, after }) => [spelled(before), spelled(after)] as const),
  );
  return {
    test: 'drift',
    question: 'identity',
    standing: 'triage',
    null: 'Both sides tell the log-probabilities of the first token with the same distribution.',
    logP,
    logE: logMixtureE(logP),
    logLeastP: -Math.log(permutations + 1),
    effect: { name: 'mean distance of log-probabilities, nats', value: distance },
    counted: predictions.length,
    voidedBy: `${describeExchange(interleaved)} Another machine or batch size differs in the last digits of the same weights.`,
    cautions: repeated === null ? [] : [repeated],
  };
}

interface Table {
  readonly before: number;
  readonly all: number;
  readonly candidates: number;
  /** Row by answer, column by candidate. */
  readonly values: Float64Array;
}

function buildTable({ before, after }: PromptPredictions): Table {
  requireInteger(Math.min(before.length, after.length), 'answers of each side to a prompt', 1, 100_000);
  const answers = [...before, ...after].map(({ candidates, logProbabilities }) => {
    demand(
      Array.isArray(candidates) && candidates.length === logProbabilities.length,
      'BLACK_BOX_ARGUMENT',
      'candidates are texts, one for each log-probability',
      'Ask over an API that tells them.',
    );
    const told = new Map<string, number>();
    let least = 0;
    for (const [i, candidate] of (candidates as readonly string[]).entries()) {
      const logP = Math.max(FLOOR, logProbabilities[i]!);
      demand(
        logP <= 1e-6,
        'BLACK_BOX_ARGUMENT',
        'a log-probability is at most 0',
        'Give natural logarithms.',
      );
      told.set(candidate, logP);
      least = Math.min(least, logP);
    }
    return { told, least: told.size === 0 ? FLOOR : least };
  });
  const names = [...new Set(answers.flatMap(({ told }) => [...told.keys()]))];
  const values = new Float64Array(answers.length * names.length);
  answers.forEach(({ told, least }, row) => {
    names.forEach((name, column) => {
      values[row * names.length + column] = told.get(name) ?? least;
    });
  });
  return { before: before.length, all: answers.length, candidates: names.length, values };
}

function measure(tables: readonly Table[], labels: readonly Uint8Array[]): number {
  let sum = 0;
  for (const [prompt, { before, all, candidates, values }] of tables.entries()) {
    const label = labels[prompt]!;
    let distance = 0;
    for (let column = 0; column < candidates; column++) {
      let [first, second] = [0, 0];
      for (let row = 0; row < all; row++) {
        const value = values[row * candidates + column]!;
        if (label[row] === 1) first += value;
        else second += value;
      }
      distance += Math.abs(first / before - second / (all - before));
    }
    if (candidates > 0) sum += distance / candidates;
  }
  return sum / tables.length;
}
