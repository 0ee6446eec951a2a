export { ALARM_KINDS, type Alarm, type AlarmKind } from './alarms/alarm.js';
export { CHECK_DIGITS } from './alarms/check-digit.js';
export { type CustomerNames, hashCustomerNames, makeCustomerAlarm } from './alarms/customer-name.js';
export { type RaisedAlarm, scanObjects } from './alarms/scan.js';
export { ALLOWED_TYPES } from './allow-list/allowed-type.js';
export {
  type PolicyRevocation,
  parseApproval,
  parseRevocation,
  type ReleaseApproval,
  requireSignable,
  type StandingApproval,
} from './approval.js';
export {
  askPolicies,
  loadPolicies,
  type PolicyAnswer,
  type PolicyQuestion,
  type PolicySet,
} from './cedar-policies.js';
export { type Decision, decideRelease, type ReleaseContext } from './decide-release.js';
export { type LegalBasis, parseLegalBasis } from './legal-basis.js';
export { minimiseObjects } from './minimise.js';
export { decideUse, type UseRequest } from './permitted-use.js';
export { PERSON_ROLES, type Person, type PersonRole, readPeople } from './person.js';
export { ENOUGH_LABS, type ReportedBlocks } from './precision.js';
export { renderRegulatorPage } from './regulator-page.js';
export {
  compareReceipts,
  type LoggedAt,
  type LoggedStatement,
  type RegulatorView,
  viewAsRegulator,
} from './regulator-view.js';
export { categoryOf, RELEASE_CATEGORIES, type ReleaseCategory } from './release-category.js';
export { encodeEnvelope, RELEASE_LIMITS, RELEASE_PURPOSE, type ReleaseDraft } from './release-draft.js';
export {
  type KeptRelease,
  type ReleaseOffice,
  type ReleaseOutcome,
  type ReleaseStore,
  releaseIndicators,
} from './release-indicators.js';
export {
  CLEARABLE,
  RELEASE_REASONS,
  type ReleaseReason,
  type ReleaseReasonCode,
} from './release-reason.js';
export {
  digestSalted,
  makeReceipt,
  makeReleaseReceipt,
  RELEASE_HEADER,
  type ReceiptOpening,
  type ReceiptStatement,
  type ReleaseStatement,
} from './release-receipt.js';
export {
  type EndedObject,
  type ErasureStatement,
  eraseEnded,
  type IndicatorHolder,
  type ReceivedTerm,
  readTerms,
} from './retention.js';
export { makeSharingMarking } from './sharing-marking.js';
export { digestDocument, formatSigned, type SignedDocument, signDocument } from './signed-document.js';
