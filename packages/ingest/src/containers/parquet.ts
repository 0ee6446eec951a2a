import { PhalanxError } from '@phalanx/core';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { IngestErrorCode } from '../error.js';
import type { Row } from '../formats/format.js';
import { MAX_COLUMNS } from '../limits.js';

/** A run of rows inside one row group. */
export interface ParquetSlice {
  readonly kind: 'slice';
  /** Row numbers in the file, end exclusive. */
  readonly offset: number;
  readonly end: number;
}

/** Decoded bytes that one worker may hold at once; decoded rows take three to five times as much. */
const SLICE_BYTES = 32 * 1024 * 1024;
/** A larger row group cannot be read within our memory. Writers default to 128 MiB. */
const MAX_GROUP_BYTES = 1024 * 1024 * 1024;
/** Rows a slice holds at most, so that workers share small files too. */
const SLICE_ROWS = 20_000;

/** An open Parquet file. */
export interface ParquetFile {
  readonly rows: number;
  readonly slices: readonly ParquetSlice[];
  /** Rows [from, to) as objects: bigints as numbers where exact, else as text; times as Date. */
  readRows(from: number, to: number): Promise<Row[]>;
}

/**
 * Opens a Parquet file by its footer; pages are read when asked for.
 *
 * @throws PhalanxError `INGEST_CONTAINER` for a broken footer, `INGEST_LIMIT` for too many columns or a row group above
 *   1 GiB decoded.
 */
export async function openParquet(path: string): Promise<ParquetFile> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    if ((metadata.row_groups[0]?.columns.length ?? 0) > MAX_COLUMNS)
      throw new PhalanxError<IngestErrorCode>('INGEST_LIMIT', `${path}: more than ${MAX_COLUMNS} columns`);
    const slices: ParquetSlice[] = [];
    let start = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      const size = Number(group.total_byte_size);
      if (size > MAX_GROUP_BYTES)
        throw new PhalanxError<IngestErrorCode>('INGEST_LIMIT', `${path}: a row group of ${size} bytes`, {
          advice: 'Write the file again with row groups of at most 128 MiB.',
        });
      const step = Math.max(1, Math.min(SLICE_ROWS, Math.floor((rows * SLICE_BYTES) / Math.max(size, 1))));
      for (let at = 0; at < rows; at += step)
        slices.push({ kind: 'slice', offset: start + at, end: start + Math.min(rows, at + step) });
      start += rows;
    }
    return {
      rows: start,
      slices,
      async readRows(from, to) {
        const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: from, rowEnd: to });
        return rows.map((row) => normalise(row, 0) as Row);
      },
    };
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw new PhalanxError<IngestErrorCode>('INGEST_CONTAINER', `${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function normalise(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value !== 'object' || value === null || value instanceof Date || depth > 64) return value;
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  if (Array.isArray(value)) return value.map((item) => normalise(item, depth + 1));
  const row: Record<string, unknown> = {};
  for (const key in value) row[key] = normalise((value as Record<string, unknown>)[key], depth + 1);
  return row;
}
