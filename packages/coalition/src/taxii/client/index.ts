export { CLIENT_LIMITS } from './client-limits.js';
export { type HttpTransportSettings, makeHttpTransport, type Transport } from './http-transport.js';
export type { PostedObject } from './object-posting.js';
export { isPublicAddress } from './public-address.js';
export { formatCheckpoint, parseCheckpoint, type ReadCheckpoint } from './read-checkpoint.js';
export { type RefusedItem, type RemoteManifest, type RemoteObjects, TaxiiClient } from './taxii-client.js';
export type { Authorize, TaxiiConnection } from './taxii-exchange.js';
export type { ManifestRecord, RemoteCollection, RemoteDiscovery, RemoteRoot } from './taxii-resources.js';
