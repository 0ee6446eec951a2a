import { logMeanE, logProductE, logVilleBound } from '@phalanx/stats';
import { demand } from './black-box-error.js';
import type { Question, Standing, TestResult } from './test-result.js';

export interface CombinedEvidence {
  readonly question: Question;
  /** `proof` only if every test is one. */
  readonly standing: Standing;
  /** ln of the e-value of the null that all nulls hold. */
  readonly logE: number;
  /** ln of the p-value that counts: the test's own if there is one test, else 1 / e. */
  readonly logP: number;
  /** How it came about, in words. */
  readonly rule: string;
}

/**
 * One number for several tests of one question. E-values are multiplied only where the nulls make them independent:
 *
 * - `order` and `challenges` draw on secrets of their own; given everything that the suspect ever said, each has mean at most 1. Their product with one another
 *   and with anything that is computed from answers alone is an e-value.
 * - `provenance` and `fingerprints` are computed from answers of one set of models, and a model may have moods that touch both: their mean counts.
 * - `equality` and `drift`: each drawn in turns of its own: their product; otherwise what changed between the collections touches both: their mean.
 *
 * @param interleaved whether every test of identity was asked in turns drawn at random
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` for tests of two questions, or one test twice
 */
export function combineEvidence(results: readonly TestResult[], interleaved: boolean): CombinedEvidence {
  const question = results[0]?.question;
  demand(
    question !== undefined && results.every((result) => result.question === question),
    'BLACK_BOX_ARGUMENT',
    'tests of two questions have no common null',
    'Identity and descent are tested apart.',
  );
  demand(
    new Set(results.map(({ test }) => test)).size === results.length,
    'BLACK_BOX_ARGUMENT',
    'one test twice is not independent of itself',
    'Name each once.',
  );
  const standing = results.every((result) => result.standing === 'proof') ? 'proof' : 'triage';
  if (results.length === 1) {
    const [{ logP, logE }] = results as [TestResult];
    return { question, standing, logE, logP, rule: 'one test: its own p-value' };
  }
  const logEs = (chosen: readonly TestResult[]) => chosen.map(({ logE }) => logE);
  const keyed = results.filter(({ test }) => test === 'order' || test === 'challenges');
  const rest = results.filter((result) => !keyed.includes(result));
  const multiplies = question === 'identity' && interleaved;
  const groups = multiplies || rest.length === 0 ? logEs(results) : [...logEs(keyed), logMeanE(logEs(rest))];
  const logE = logProductE(groups);
  const rule =
    rest.length < 2 || multiplies
      ? 'product of e-values that are independent under their nulls'
      : keyed.length === 0
        ? 'mean of e-values that may depend on each other'
        : 'product of the e-values of committed tests and the mean of the others';
  return { question, standing, logE, logP: logVilleBound(logE), rule };
}
