import { closeSync, openSync, readSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import { type IngestErrorCode, rejectRow } from './error.js';
import type { Row } from './formats/format.js';
import { isBatchRequest } from './formats/openai-batch.js';
import { MAX_BATCH_REQUESTS, MAX_ROW_BYTES } from './limits.js';

/** Finds the request of a batch by its custom id. */
export interface BatchIndex {
  /** Null when no input file has it. A custom id that two files use belongs to the first. */
  find(customId: string): Row | null;
  close(): void;
}

const BLOCK_BYTES = 1024 * 1024;

/**
 * Indexes OpenAI batch input files by custom id: where each line lies, not what it says, about 150 bytes a request.
 *
 * @throws PhalanxError `INGEST_LIMIT` above a million requests.
 */
export function openBatchIndex(files: readonly string[]): BatchIndex {
  const places = new Map<string, readonly [fd: number, offset: number, length: number]>();
  const descriptors: number[] = [];
  for (const file of files) {
    const fd = openSync(file, 'r');
    descriptors.push(fd);
    for (const [offset, length] of findLines(fd)) {
      const row = readLine(fd, offset, length);
      if (row === null || places.has(row.custom_id as string)) continue;
      if (places.size >= MAX_BATCH_REQUESTS)
        throw new PhalanxError<IngestErrorCode>(
          'INGEST_LIMIT',
          `more than ${MAX_BATCH_REQUESTS} batch requests`,
          {
            advice: 'Ingest each batch with its own input file in a run of its own.',
          },
        );
      places.set(row.custom_id as string, [fd, offset, length]);
    }
  }
  return {
    find(customId) {
      const place = places.get(customId);
      return place === undefined ? null : readLine(...place);
    },
    close() {
      for (const fd of descriptors.splice(0)) closeSync(fd);
    },
  };
}

function readLine(fd: number, offset: number, length: number): Row | null {
  const bytes = Buffer.alloc(length);
  if (readSync(fd, bytes, 0, length, offset) !== length) throw rejectRow('the batch input file has changed');
  try {
    const row = JSON.parse(bytes.toString('utf8')) as Row;
    return isBatchRequest(row) ? row : null;
  } catch {
    // The line is reported when the input file itself is read.
    return null;
  }
}

/** Offset and length of each line that is not longer than a row may be. */
function* findLines(fd: number): Generator<readonly [number, number]> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let at = 0;
  let start = 0;
  for (;;) {
    const read = readSync(fd, block, 0, BLOCK_BYTES, at);
    if (read === 0) break;
    for (let from = 0; ; ) {
      const found = block.subarray(0, read).indexOf(0x0a, from);
      if (found === -1) break;
      const end = at + found;
      if (end > start && end - start <= MAX_ROW_BYTES) yield [start, end - start];
      start = end + 1;
      from = found + 1;
    }
    at += read;
  }
  if (at > start && at - start <= MAX_ROW_BYTES) yield [start, at - start];
}
