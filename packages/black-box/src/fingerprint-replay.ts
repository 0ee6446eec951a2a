import { logMixtureE } from '@phalanx/stats';
import { demand } from './black-box-error.js';
import { type ControlComparison, compareAgreement } from './paired-agreement.js';
import type { TestResult } from './test-result.js';

/** A prompt that was made so that our model gives the expected answer, which strangers do not. */
export interface Fingerprint {
  readonly prompt: string;
  /** Must stand in the answer, whatever its case. */
  readonly expected: string;
}

export interface FingerprintAnswers {
  readonly fingerprints: readonly Fingerprint[];
  readonly suspect: readonly string[];
  readonly controls: readonly { readonly model: string; readonly answers: readonly string[] }[];
}

export interface FingerprintResult extends TestResult {
  readonly rate: number;
  readonly comparisons: readonly ControlComparison[];
}

/**
 * Replay of fingerprint prompts that were found on our model, as TRAP (arXiv 2402.12991) and ProFLingo (arXiv 2405.02466) find them: share of expected answers against
 * that of control models, exact and paired as `compareAgreement`. The expected answers were chosen by the owner, so that a fair rate can only be had from
 * controls: triage. `replayChallenges` needs none.
 *
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` as `compareAgreement`, or for an empty expected answer
 */
export function replayFingerprints({
  fingerprints,
  suspect,
  controls,
}: FingerprintAnswers): FingerprintResult {
  const expected = fingerprints.map(({ expected: text }) => {
    demand(
      text.trim() !== '',
      'BLACK_BOX_ARGUMENT',
      'an expected answer is empty',
      'Every answer would have it.',
    );
    return fold(text.trim());
  });
  const hit = (model: string, answers: readonly string[]) => {
    demand(
      answers.length === expected.length,
      'BLACK_BOX_ARGUMENT',
      `${model}: ${answers.length} answers to ${expected.length} prompts`,
      'Ask all models the same.',
    );
    return { model, agrees: expected.map((text, i) => fold(answers[i]!).includes(text)) };
  };
  const paired = compareAgreement(
    hit('the suspect', suspect),
    controls.map(({ model, answers }) => hit(model, answers)),
  );
  return {
    test: 'fingerprints',
    question: 'descent',
    standing: 'triage',
    null: 'Over fingerprints made in this way, the suspect gives the expected answer no oftener than some control does.',
    logP: paired.logP,
    logE: logMixtureE(paired.logP),
    logLeastP: -expected.length * Math.LN2,
    effect: {
      name: 'expected answers above the best control',
      value: paired.rate - Math.max(...paired.comparisons.map(({ rate }) => rate)),
    },
    counted: expected.length,
    voidedBy:
      'Fingerprints that carry over to relatives of our model, or controls that are none of the suspect’s kind. Fingerprints that became public.',
    cautions: [],
    rate: paired.rate,
    comparisons: paired.comparisons,
  };
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
