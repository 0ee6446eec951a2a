import type { Readable } from 'node:stream';
import { isJsonObject } from '@phalanx/wire';
import { decodeRows } from './decoded-rows.js';
import type { Row } from './formats/format.js';
import { exceedsDepth, MAX_ROW_DEPTH } from './limits.js';
import { openSource } from './source.js';

/** A row of a file of any kind. */
export interface FileRow {
  /** Line, record or element of the file, from 1, blank lines and a CSV header included. */
  readonly number: number;
  /** Null when it cannot be read; then `reason` says why. In a file of plain text, `{text}`. */
  readonly row: Row | null;
  readonly reason: string;
}

/** A file of rows that is open: JSONL, JSON, CSV or Parquet, gzip and zstd; plain text where the name ends in .txt. */
export interface RowFile {
  readonly path: string;
  /** Some first rows. */
  readonly sample: readonly Row[];
  /** Every row in order, once. @throws PhalanxError `INGEST_CONTAINER` or `INGEST_LIMIT` where the file breaks off. */
  read(): AsyncGenerator<FileRow>;
  close(): void;
}

const PLAIN_TEXT = /\.txt(?:\.gz|\.zst)?$/i;

/**
 * Opens a file for its rows alone, whatever they mean. Memory: one chunk, some 2 MiB, or a row of at most 8 MiB.
 *
 * @throws PhalanxError `INGEST_CONTAINER`; the file system's own error.
 */
export async function openRowFile(path: string, stdin: Readable = process.stdin): Promise<RowFile> {
  const isText = PLAIN_TEXT.test(path);
  const source = await openSource(path, stdin, isText);
  return {
    path,
    sample: isText ? [{ text: 'a line' }] : source.sample,
    async *read() {
      for await (const { rows, linesBefore } of decodeRows(source))
        for (const { line, value, reason } of rows) {
          const number = linesBefore + line + 1;
          const row = typeof value === 'string' ? { text: value } : value;
          if (reason !== '') yield { number, row: null, reason };
          else if (!isJsonObject(row)) yield { number, row: null, reason: 'not an object' };
          else if (exceedsDepth(row, MAX_ROW_DEPTH))
            yield { number, row: null, reason: `nested deeper than ${MAX_ROW_DEPTH}` };
          else yield { number, row, reason: '' };
        }
    },
    close: () => source.close(),
  };
}
