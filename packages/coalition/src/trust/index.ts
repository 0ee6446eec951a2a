export { type Admitted, admitObject, type KnownMembers, type Rejection } from './admission.js';
export {
  ANSWER_WITHIN_MS,
  type Appeal,
  type AppealAnswer,
  type AppealStatus,
  drawCaseId,
  judgeAppeal,
  listAppeals,
} from './appeal.js';
export {
  type CanaryPlanting,
  type CanaryPromise,
  isPromised,
  keysOfCanaries,
  listCanaries,
  promiseCanaries,
} from './canary.js';
export type { Absence, Claim, StatedOpinion } from './claim.js';
export {
  type CounselOverride,
  MAX_OVERRIDE_DAYS,
  type OverrideBody,
  readOverride,
  signOverride,
} from './counsel-override.js';
export { decideHeld, type HeldChoice } from './decide-held.js';
export { type LearntKind, learnPrecision, type Outcome, type Precision } from './lab-precision.js';
export { decayScore, LIFETIME_DAYS } from './lifetime.js';
export { type OwnReplay, type OwnTelemetry, REPLAY_DAYS, type TraceHits } from './own-telemetry.js';
export type { IndicatorReport, TraceReport } from './quarantine-report.js';
export { QUARANTINE_STATES, type QuarantineState, type Transition } from './quarantine-state.js';
export { type ReplayOptions, type ReplaySummary, replayQuarantine, sightingOf } from './replay-quarantine.js';
export {
  boundReplay,
  judgeReplay,
  leastGood,
  type Population,
  type ReplayBounds,
} from './replay-statistics.js';
export {
  ACKNOWLEDGE_WITHIN_MS,
  type Acknowledgement,
  acknowledgeFeed,
  type FollowedRetractions,
  findAlarms,
  followRetractions,
  publishRetraction,
  RETRACTION_PAGE,
  RETRACTION_POLL_MS,
  type Retraction,
  type RetractionAlarm,
  type RetractionFeed,
  type RetractionPage,
  type RetractionStore,
  readFeed,
} from './retraction.js';
export {
  APPEAL_SOURCE,
  makeOpinion,
  makeSighting,
  type OpinionWord,
  type SightingFacts,
} from './sighting-objects.js';
export { applyRetraction, HELD_CAP, type Intake, type TakenIn, takeIn } from './take-in.js';
export { DEFAULT_TERMS, type TrustTerms } from './terms.js';
export {
  ALIKE,
  areAlike,
  keyOfTrace,
  MAX_TRACES,
  readTraces,
  type Trace,
  TraceIndex,
  type TraceKind,
} from './trace.js';
export {
  type Assessment,
  assessTraces,
  chooseReplayed,
  type TraceVerdict,
  type TrustKnowledge,
} from './trace-assessment.js';
export { TRUST_REASONS, type TrustReason } from './trust-reason.js';
export type { HeldIndicator, TrustChange, TrustDecision, TrustStore } from './trust-store.js';
export {
  findWarning,
  findWarnings,
  permanentList,
  readWarningList,
  TEMPLATE_ATTRIBUTE,
  type WarningList,
} from './warning-list.js';
