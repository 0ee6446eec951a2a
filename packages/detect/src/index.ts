export { TASK_INTENTS } from './demand/component.js';
export { findBoilerplate, NearRepeatIndex } from './demand/near-repeats.js';
export { laneAgreement } from './demand/one-job.js';
export { detectCampaigns } from './detect-campaigns.js';
export { drawFindings } from './findings.js';
export {
  type DetectErrorCode,
  type DetectOptions,
  defaultOptions,
  type Families,
  withDefaults,
} from './options.js';
export type { Pool } from './pool.js';
export { type Replay, replay } from './replay.js';
export { signals } from './signals/index.js';
export type { Evidence, Signal } from './signals/signal.js';
export { isDemandDoubted } from './verdicts.js';
