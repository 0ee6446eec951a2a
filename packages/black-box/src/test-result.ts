/** Each test by its name in a plan. */
export type TestName = 'equality' | 'drift' | 'provenance' | 'fingerprints' | 'order' | 'challenges';

/**
 * What a rejection says.
 *
 * - `identity`: the two models differ, or one changed. Says nothing about descent.
 * - `descent`: the suspect has to do with our model.
 */
export type Question = 'identity' | 'descent';

/**
 * - `proof`: under the null the p-value is uniform or larger because of a secret that the owner drew at random and committed to.
 * - `triage`: it also rests on models or prompts being fair comparisons. Where to look, and not what was shown.
 */
export type Standing = 'proof' | 'triage';

/** What a test gives, besides its own figures. */
export interface TestResult {
  readonly test: TestName;
  readonly question: Question;
  readonly standing: Standing;
  /** The null in words. */
  readonly null: string;
  /** ln of the p-value: exact or an upper bound. */
  readonly logP: number;
  /** ln of an e-value of the same null. */
  readonly logE: number;
  /** ln of the least p-value that a test of this size can give. */
  readonly logLeastP: number;
  readonly effect: { readonly name: string; readonly value: number };
  /** Prompts, texts or questions that counted. */
  readonly counted: number;
  /** What would void it. */
  readonly voidedBy: string;
  /** What was seen that puts the assumption in doubt. */
  readonly cautions: readonly string[];
}
