import { PhalanxError } from '@phalanx/core';

/**
 * Why this package throws.
 *
 * - `INGEST_ROW`: one row is unusable; the batch goes on and the row is reported as rejected.
 * - `INGEST_FORMAT_UNKNOWN`: no format, or more than one, fits the first rows.
 * - `INGEST_MAPPING`: the mapping file is malformed.
 * - `INGEST_CONTAINER`: the bytes are not a container we read (broken compression, UTF-16, Parquet on a pipe).
 * - `INGEST_LIMIT`: a size, count or depth passes its limit.
 * - `INGEST_REJECTED_FILE`: rejected rows cannot be written.
 * - `INGEST_WORKER`: a worker thread died.
 */
export type IngestErrorCode =
  | 'INGEST_ROW'
  | 'INGEST_FORMAT_UNKNOWN'
  | 'INGEST_MAPPING'
  | 'INGEST_CONTAINER'
  | 'INGEST_LIMIT'
  | 'INGEST_REJECTED_FILE'
  | 'INGEST_WORKER';

/** Makes the error that rejects one row. The reason names the field, never its content. */
export function rejectRow(reason: string): PhalanxError<IngestErrorCode> {
  return new PhalanxError<IngestErrorCode>('INGEST_ROW', reason);
}
