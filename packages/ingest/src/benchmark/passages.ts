import { PhalanxError } from '@phalanx/core';
import { isJsonObject } from '@phalanx/wire';
import type { RejectedRow } from '../chunk-result.js';
import { type DecodedRow, decodeRows } from '../decoded-rows.js';
import { type IngestErrorCode, rejectRow } from '../error.js';
import { firstOf } from '../formats/field.js';
import { MAX_REJECTED_EXCERPT_BYTES } from '../limits.js';
import type { Source } from '../source.js';

/** What a stretch of a source came to. */
export interface PassageBatch {
  readonly passages: readonly string[];
  /** `lineNumber` counts from 1 in the whole source. */
  readonly rejected: readonly (RejectedRow & { readonly lineNumber: number })[];
}

/**
 * Reads the passages of a source, one a row: the first of `fields` that the row has, or, in plain text, the line. Blank
 * lines are passed over. Memory: one chunk, some 2 MiB, or a row of at most 8 MiB.
 *
 * @throws PhalanxError `INGEST_FORMAT_UNKNOWN` when the first rows have none of the fields; `INGEST_CONTAINER` or
 *   `INGEST_LIMIT` where the source breaks off.
 */
export async function* readPassages(source: Source, fields: readonly string[]): AsyncGenerator<PassageBatch> {
  refuseOtherFields(source, fields);
  for await (const { rows, linesBefore } of decodeRows(source)) yield takePassages(rows, fields, linesBefore);
}

function takePassages(
  rows: readonly DecodedRow[],
  fields: readonly string[],
  linesBefore: number,
): PassageBatch {
  const passages: string[] = [];
  const rejected: PassageBatch['rejected'][number][] = [];
  for (const { offset, line, value, reason, text } of rows)
    try {
      if (reason !== '') throw rejectRow(reason);
      passages.push(typeof value === 'string' ? value : readField(value, fields));
    } catch (error) {
      if (!PhalanxError.is(error)) throw error;
      const excerpt = Buffer.from(text.slice(0, MAX_REJECTED_EXCERPT_BYTES))
        .subarray(0, MAX_REJECTED_EXCERPT_BYTES)
        .toString('utf8');
      rejected.push({ offset, line, reason: error.message, excerpt, lineNumber: linesBefore + line + 1 });
    }
  return { passages, rejected };
}

function readField(value: unknown, fields: readonly string[]): string {
  if (!isJsonObject(value)) throw rejectRow('not an object');
  const passage = firstOf(value, ...fields);
  if (passage === undefined) throw rejectRow(`no ${fields.join(', ')}`);
  if (typeof passage !== 'string') throw rejectRow('the passage is not a string');
  return passage;
}

/** Before anything is read: a wrong name would else reject every row of a large file. */
function refuseOtherFields({ path, header, sample }: Source, fields: readonly string[]): void {
  const known =
    header === null
      ? sample.length === 0 || sample.some((row) => fields.some((field) => Object.hasOwn(row, field)))
      : fields.some((field) => header.columns.includes(field));
  if (known) return;
  const names = header === null ? Object.keys(sample[0]!) : header.columns;
  throw new PhalanxError<IngestErrorCode>(
    'INGEST_FORMAT_UNKNOWN',
    `${path}: no ${header === null ? 'member' : 'column'} is called ${fields.join(', ')}`,
    {
      advice: `There is ${names.slice(0, 20).join(', ').slice(0, 200)}. A file of one passage a line has a name that ends in .txt.`,
    },
  );
}
