import { logMixtureE } from '@phalanx/stats';
import { demand } from './black-box-error.js';
import { type ControlComparison, compareAgreement } from './paired-agreement.js';
import type { TestResult } from './test-result.js';

/** What models said to the same prompts, in the same order. */
export interface ProvenanceAnswers {
  readonly ours: readonly string[];
  readonly suspect: readonly string[];
  /** Models that are not derived from ours. */
  readonly controls: readonly { readonly model: string; readonly answers: readonly string[] }[];
}

export interface ProvenanceResult extends TestResult {
  /** Share of prompts on which the suspect says what ours says. */
  readonly rate: number;
  readonly comparisons: readonly ControlComparison[];
}

/**
 * Whether the suspect goes on as our model does oftener than any control goes on so: model provenance testing (arXiv 2502.00706), with the exact sign test of
 * `compareAgreement` in place of its z-test. Compared is the first word of an answer. Prompts that ours does not answer are left out; no answer is no
 * agreement. Deterministic answers (temperature 0) say most.
 *
 * It cannot tell a copy from a model that is closer to ours than the controls for another reason: the same data, the same family, the same teacher.
 *
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` as `compareAgreement`, or when our model answered nothing
 */
export function matchProvenance({ ours, suspect, controls }: ProvenanceAnswers): ProvenanceResult {
  const words = ours.map(readFirstWord);
  const kept = words.flatMap((word, i) => (word === '' ? [] : [i]));
  demand(kept.length > 0, 'BLACK_BOX_ARGUMENT', 'our model answered nothing', 'Look at its answers.');
  const agree = (model: string, answers: readonly string[]) => {
    demand(
      answers.length === ours.length,
      'BLACK_BOX_ARGUMENT',
      `${model}: ${answers.length} answers to ${ours.length} prompts`,
      'Ask all models the same.',
    );
    return { model, agrees: kept.map((i) => readFirstWord(answers[i]!) === words[i]) };
  };
  const paired = compareAgreement(
    agree('the suspect', suspect),
    controls.map(({ model, answers }) => agree(model, answers)),
  );
  const best = Math.max(...paired.comparisons.map(({ rate }) => rate));
  return {
    test: 'provenance',
    question: 'descent',
    standing: 'triage',
    null: 'Over the source of the prompts, the suspect says what our model says no oftener than some control does.',
    logP: paired.logP,
    logE: logMixtureE(paired.logP),
    logLeastP: -kept.length * Math.LN2,
    effect: { name: 'agreement above the best control', value: paired.rate - best },
    counted: kept.length,
    voidedBy:
      'Controls that are no fair comparison: a stranger of the same family, data or teacher agrees more, without descent. Prompts that are not independent draws, or that the suspect’s host knew.',
    cautions: describeAnswers(kept.map((i) => words[i]!)),
    rate: paired.rate,
    comparisons: paired.comparisons,
  };
}

/** The first run of letters, digits and signs without white space, NFC; empty when there is none. */
export function readFirstWord(answer: string): string {
  const start = answer.search(/\S/);
  if (start < 0) return '';
  const rest = answer.slice(start, start + 256);
  const end = rest.search(/\s/);
  return (end < 0 ? rest : rest.slice(0, end)).normalize('NFC');
}

function describeAnswers(words: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const most = Math.max(...counts.values());
  if (most * 2 <= words.length) return [];
  return [
    `Our model began ${most} of ${words.length} answers with the same word: such prompts tell models apart badly.`,
  ];
}
