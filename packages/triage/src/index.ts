export { type AuditGroup, type AuditRate, type AuditReport, type AuditText, auditTriage } from './audit.js';
export {
  MAX_CORPUS_CHARS,
  MAX_MODEL_BYTES,
  MAX_RAW_CHARS,
  MAX_TEXT_CHARS,
  MAX_TEXTS,
  MIN_TEXTS,
} from './limits.js';
export { MEMBER_NAMES, type MemberName } from './members.js';
export { decodeTriageModel, digestOfModelFile, encodeTriageModel } from './model-file.js';
export { type NormalisedText, normaliseText, type Repairs, type TextKind } from './normalised-text.js';
export { TRIAGE_NOTICE } from './notice.js';
export { areaUnderRoc, truePositiveRate } from './roc.js';
export {
  type AbstainedText,
  type Abstention,
  measureScore,
  type RankedText,
  scoreTriage,
  type TriageResult,
} from './score.js';
export { type Selection, selectByBh } from './selection.js';
export { type TrainOptions, type TriageText, trainTriage } from './train.js';
export type { TriageErrorCode } from './triage-error.js';
export type { CalibrationCategory, CorpusDescription, TriageModel } from './triage-model.js';
