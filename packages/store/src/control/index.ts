export type { ControlStore } from './control-store.js';
export { EpochKeys } from './epoch-keys.js';
export type { CeremonyState, KeyEnvelopes, StoredEnvelope } from './key-envelopes.js';
export type { MatchingBatch, MatchingBatches } from './matching-batches.js';
export type { BatchKind } from './matching-tables.js';
export { type ControlStoreOptions, openControlStore } from './open.js';
export type { OverlapRun, Overlaps } from './overlaps.js';
export type { Quotas } from './quotas.js';
