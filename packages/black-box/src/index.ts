export type { BlackBoxErrorCode } from './black-box-error.js';
export { type BlackBoxResult, type LineageVerdict, testBlackBox } from './black-box-test.js';
export {
  ChallengeOpening,
  commitChallenges,
  deriveAnswers,
  drawChallenges,
  MAX_CANDIDATES,
  MAX_CHALLENGES,
  openChallenges,
  parseChallenges,
} from './challenge-commitment.js';
export { type ChallengeResult, replayChallenges } from './challenge-replay.js';
export { type CombinedEvidence, combineEvidence } from './combined-evidence.js';
export {
  type EqualityOptions,
  MAX_COMPARED,
  measureHammingMmd,
  type PromptSamples,
  testEquality,
} from './equality-test.js';
export {
  type Fingerprint,
  type FingerprintAnswers,
  type FingerprintResult,
  replayFingerprints,
} from './fingerprint-replay.js';
export { type DriftOptions, type PromptPredictions, testDrift } from './logprob-tracking.js';
export {
  commitOrder,
  digestText,
  drawOrder,
  MAX_ORDERED_TEXTS,
  OrderOpening,
  openOrder,
  parseOrder,
  recordOrder,
} from './order-commitment.js';
export { type OrderedText, type OrderOptions, type OrderResult, testOrder } from './order-test.js';
export {
  type Agreements,
  type ControlComparison,
  compareAgreement,
  MAX_CONTROLS,
  type PairedAgreement,
} from './paired-agreement.js';
export {
  BlackBoxPlan,
  checkPlan,
  digestInputs,
  digestPlan,
  logThreshold,
  type PlannedTest,
  questionOf,
} from './plan.js';
export type { BlackBoxParts } from './prepared-test.js';
export {
  matchProvenance,
  type ProvenanceAnswers,
  type ProvenanceResult,
  readFirstWord,
} from './provenance-match.js';
export { countQuestions, type QuestionCount } from './question-count.js';
export { askInTurns, openRandom, scoreEach, type TurnOptions } from './questioning.js';
export type { Question, Standing, TestName, TestResult } from './test-result.js';
