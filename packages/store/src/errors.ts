/**
 * Why the store refuses. Closed: a caller may switch on it.
 *
 * - `STORE_LOCKED`: another living process owns the data directory.
 * - `STORE_ONE_PER_PROCESS`: this process already has a store open on another directory (one engine a process).
 * - `STORE_ENGINE_MISSING`: the embedded engine has no build for this machine.
 * - `STORE_SCHEMA_NEWER`: the data was written by a newer Phalanx.
 * - `STORE_SCHEMA_EDITED`: the data were made by another step of the schema than the one that has its number here.
 * - `STORE_QUERY`: the engine refused a statement; `cause` has its words.
 * - `STORE_UNAVAILABLE`: the server, or every complete copy of a shard, is unreachable now, or another writer was in the way. Retryable.
 * - `STORE_LIMIT`: a query passed its limit of memory or time.
 * - `STORE_ROW_INVALID`: a row does not fit the schema: a wrong byte length, a time out of range.
 * - `STORE_BLOCK_CORRUPT`: bytes that are not a Native block of a supported type.
 * - `STORE_ARGUMENT`: a parameter out of its documented range.
 * - `STORE_KEY_CORRUPT`: a key file of a wrong size, or one that does not open what it should.
 * - `STORE_CLOSED`: used after `close()`.
 */
export type StoreErrorCode =
  | 'STORE_LOCKED'
  | 'STORE_ONE_PER_PROCESS'
  | 'STORE_ENGINE_MISSING'
  | 'STORE_SCHEMA_NEWER'
  | 'STORE_SCHEMA_EDITED'
  | 'STORE_QUERY'
  | 'STORE_UNAVAILABLE'
  | 'STORE_LIMIT'
  | 'STORE_ROW_INVALID'
  | 'STORE_BLOCK_CORRUPT'
  | 'STORE_ARGUMENT'
  | 'STORE_KEY_CORRUPT'
  | 'STORE_CLOSED';
