import type { ChunkResult } from './chunk-result.js';
import type { Chunk } from './containers/chunk.js';
import type { CsvHeader } from './containers/csv.js';
import type { ParquetSlice } from './containers/parquet.js';
import type { Mapping } from './formats/mapping.js';

/** What a worker thread is started with. */
export interface WorkerSetup {
  readonly sketchKey: Uint8Array;
  readonly keepText: boolean;
  /** Whether exchanges are committed to for the log. */
  readonly record: boolean;
  readonly defaultAccountId: string | undefined;
  /** Hashes of known benchmark passages in memory that all threads share, null for none. */
  readonly benchmarks: BigUint64Array<SharedArrayBuffer> | null;
  /** OpenAI batch input files to join with. */
  readonly batchInputs: readonly string[];
}

/** All that a worker must know of a source to read any chunk of it; structured-clonable. */
export interface SourceDescription {
  readonly index: number;
  readonly path: string;
  readonly format: string;
  readonly mapping: Mapping | null;
  readonly idScope: string;
  readonly header: CsvHeader | null;
  readonly isParquet: boolean;
  /** Whether other files of the run may be joined with this one by custom id. */
  readonly isBatchInput: boolean;
}

/** One piece of work. The chunk's buffer is transferred. */
export interface WorkerJob {
  readonly id: number;
  readonly source: SourceDescription;
  readonly chunk: Chunk | ParquetSlice;
}

/** The answer to a job; `failure` when the container itself is broken. */
export interface WorkerAnswer {
  readonly id: number;
  readonly result: ChunkResult | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
}
