import { logMeanE, toLog10 } from '@phalanx/stats';
import { StudentTrial } from '@phalanx/testing';
import { estimateImprint, type MarkRank, testKey } from '@phalanx/watermark';
import type { Scheme } from './schemes.js';

/** Texts of a world, and how much a student reads of it. */
export interface World {
  readonly texts: readonly Int32Array[];
  readonly vocabularySize: number;
  readonly trainingTokens: number;
}

const DOSES = [0, 0.01, 0.05, 0.1, 0.25, 1, 'unmarked'] as const;
const ANSWERS = 500;
const DECOYS = 499;
const MAX_CONTEXTS = 2000;

/** Prints median, least and greatest over seeds for each dose. */
export function measureDoseCurve(scheme: Scheme, world: World, seeds: number): void {
  console.log(
    `\n${scheme.name}: median [least, greatest] of ${seeds} seeds; closed on ${ANSWERS} answers of 60, open at the ${MAX_CONTEXTS} likeliest contexts, ${DECOYS} decoys`,
  );
  console.log(
    'dose, n-grams, closed log10 p, log10 e at the end, answers to e >= 1000, text contrast z, open mass z, contrast z, mass log10 p bound, imprint, imprint at contexts of marked texts',
  );
  const trials = Array.from(
    { length: seeds },
    (_, seed) => new StudentTrial({ ...world, ...scheme, seed: seed + 1 }),
  );
  for (const dose of DOSES) {
    const rows = trials.map((trial) => measureOne(trial, scheme, dose));
    const column = (value: (row: (typeof rows)[number]) => number, digits = 1) =>
      summarise(rows.map(value), digits);
    console.log(
      [
        typeof dose === 'number' ? `${100 * dose} %` : dose,
        column((row) => row.scored, 0),
        column((row) => row.log10P),
        column((row) => row.log10E),
        column((row) => row.answers, 0),
        column((row) => row.countedZ),
        column((row) => row.massZ),
        column((row) => row.contrastZ),
        column((row) => row.bound),
        column((row) => row.imprint, 3),
        column((row) => row.imprintAtMarked, 3),
      ].join('  '),
    );
  }
}

function measureOne(trial: StudentTrial, scheme: Scheme, dose: (typeof DOSES)[number]) {
  const { mark } = trial;
  const student = typeof dose === 'number' ? trial.train(dose) : trial.trainUnmarked();
  const prompts = trial.drawPrompts(ANSWERS);
  const answers = trial.answer(student, prompts);
  const { test, answersToThousand } = trial.testClosed(mark, prompts, answers);
  const counted = trial.testCounted(mark, prompts, answers).test(scheme.openMark, DECOYS, 1);
  const { logP, scored } = testKey(mark, test.collect());
  const open = trial.testOpen(student, mark, trial.passages, MAX_CONTEXTS);
  const figures = open.test(scheme.openMark, DECOYS);
  return {
    scored,
    log10P: toLog10(logP),
    log10E: toLog10(test.test().logE ?? logMeanE([0])),
    answers: answersToThousand ?? Number.POSITIVE_INFINITY,
    countedZ: distance(counted.contrast!),
    massZ: distance(figures.mass),
    contrastZ: distance(figures.contrast!),
    bound: toLog10(figures.logMassBound ?? 0),
    imprint: estimateImprint(mark, open.listReferenced()).estimate,
    imprintAtMarked: estimateImprint(
      mark,
      trial.testOpen(student, mark, trial.marked, MAX_CONTEXTS).listReferenced(),
    ).estimate,
  };
}

function distance({ score, mean, deviation }: MarkRank): number {
  return (score - mean) / deviation;
}

function summarise(values: readonly number[], digits: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const show = (value: number) => (Number.isFinite(value) ? value.toFixed(digits) : 'never');
  return `${show(sorted[(sorted.length - 1) >> 1]!)} [${show(sorted[0]!)}, ${show(sorted.at(-1)!)}]`;
}
