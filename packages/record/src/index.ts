export {
  COMMITMENT_BYTES,
  commit,
  GROUPS,
  type Group,
  type Opening,
  SALT_BYTES,
  verifyOpening,
} from './commitment.js';
export {
  describeExchange,
  type GroupValues,
  parseDetectorGroup,
  parseWhoGroup,
  type WhoGroup,
} from './exchange-groups.js';
export {
  commitmentOf,
  EXCHANGE_LEAF_BYTES,
  type ExchangeLeaf,
  formatExchangeLeaf,
  parseExchangeLeaf,
} from './exchange-leaf.js';
export { type Observation, observe, packObservations, unpackObservations } from './observation.js';
export type { AccountKeys, DayKey, OpenedExchange } from './opening-box.js';
export type { RecordErrorCode } from './record-error.js';
export { type Hold, Retention } from './retention.js';
export type { RecordKeys } from './sealed-batch.js';
export { formatStatement, parseStatement, Statement } from './statement-leaf.js';
export {
  type LoggedEntry,
  type LoggedExchange,
  TelemetryLog,
  type TelemetryLogSettings,
} from './telemetry-log.js';
