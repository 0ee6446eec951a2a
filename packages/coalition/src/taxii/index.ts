export {
  type Authorize,
  CLIENT_LIMITS,
  formatCheckpoint,
  type HttpTransportSettings,
  isPublicAddress,
  type ManifestRecord,
  makeHttpTransport,
  type PostedObject,
  parseCheckpoint,
  type ReadCheckpoint,
  type RefusedItem,
  type RemoteCollection,
  type RemoteDiscovery,
  type RemoteManifest,
  type RemoteObjects,
  type RemoteRoot,
  TaxiiClient,
  type TaxiiConnection,
  type Transport,
} from './client/index.js';
export {
  judgeSigner,
  type MirrorReport,
  type MirrorSettings,
  type MirrorSource,
  type MirrorStateKeeper,
  type MirrorTarget,
  mirrorCollection,
  type RelayVerdict,
  readRemote,
  readStore,
  writeRemote,
  writeStore,
} from './federation/index.js';
export { type CollectionRights, MemoryTaxiiStore, type NewCollection } from './memory-store.js';
export { formatMicroseconds, parseMicroseconds } from './microseconds.js';
export { findClearance } from './posted-object.js';
export type { Rate } from './rate-limit.js';
export { checkTaxiiStore, type StoreUnderTest } from './store-contract.js';
export { TAXII_LIMITS } from './taxii-limits.js';
export type { TakenObjects } from './taxii-request.js';
export { TaxiiServer, type TaxiiServerSettings } from './taxii-server.js';
export type {
  AddResult,
  ApiRoot,
  Collection,
  NewObject,
  ObjectPage,
  ObjectQuery,
  Reader,
  StoredObject,
  StoredStatus,
  TaxiiStore,
  VersionQuery,
} from './taxii-store.js';
