import { PhalanxError } from '@phalanx/core';
import { isJsonObject } from '@phalanx/wire';
import type { RejectedRow } from '../chunk-result.js';
import type { Chunk } from '../containers/chunk.js';
import { type CsvHeader, parseCsvRecords } from '../containers/csv.js';
import { openParquet } from '../containers/parquet.js';
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

/** One row, decoded, or why it cannot be. `value` is a string in plain text, else what should be an object. */
interface DecodedRow {
  readonly offset: number;
  readonly line: number;
  readonly value: unknown;
  readonly reason: string;
  /** The row as text. */
  readonly text: string;
}

interface DecodedChunk {
  readonly rows: readonly DecodedRow[];
  /** Lines, records or elements, blank ones included. */
  readonly lines: number;
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
  const parquet = source.container === 'parquet' ? await openParquet(source.path) : null;
  let linesBefore = source.header === null ? 0 : 1;
  for await (const chunk of source.read(0)) {
    if (chunk.kind === 'oversize') {
      const excerpt = decode(chunk.excerpt, 0, chunk.excerpt.length);
      const row = { offset: chunk.offset, line: 0, reason: 'longer than 8 MiB', excerpt };
      yield { passages: [], rejected: [{ ...row, lineNumber: ++linesBefore }] };
      continue;
    }
    const { rows, lines } =
      chunk.kind === 'bytes'
        ? decodeChunk(chunk, source)
        : describeRows(await parquet!.readRows(chunk.offset, chunk.end), chunk.offset);
    yield takePassages(rows, fields, linesBefore);
    linesBefore += lines;
  }
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

function decodeChunk(chunk: Chunk, { container, header }: Source): DecodedChunk {
  const { bytes, offset, bounds } = chunk;
  if (header !== null) return decodeCsv(bytes, offset, header);
  const rows: DecodedRow[] = [];
  const take = (start: number, end: number, line: number) => {
    const text = decode(bytes, start, end).replace(offset + start === 0 ? /^\uFEFF/ : '', '');
    if (text.trim() === '') return;
    const row = { offset: offset + start, line, text, reason: '' };
    rows.push(container === 'lines' ? { ...row, value: text } : { ...row, ...parseJson(text) });
  };
  let line = 0;
  if (bounds !== null)
    for (; line * 2 < bounds.length; line++) take(bounds[line * 2]!, bounds[line * 2 + 1]!, line);
  else
    for (let start = 0; start < bytes.length; line++) {
      const found = bytes.indexOf(0x0a, start);
      const end = found === -1 ? bytes.length : found;
      take(start, end, line);
      start = end + 1;
    }
  return { rows, lines: line };
}

function decodeCsv(bytes: Uint8Array, offset: number, header: CsvHeader): DecodedChunk {
  const rows = parseCsvRecords(bytes, header).map(({ start, end, row, reason }, line) => ({
    offset: offset + start,
    line,
    value: row,
    reason,
    text: decode(bytes, start, end),
  }));
  return { rows, lines: rows.length };
}

function describeRows(values: readonly unknown[], offset: number): DecodedChunk {
  const rows = values.map((value, line) => ({
    offset: offset + line,
    line,
    value,
    reason: '',
    get text() {
      return JSON.stringify(value);
    },
  }));
  return { rows, lines: rows.length };
}

function parseJson(text: string): Pick<DecodedRow, 'value' | 'reason'> {
  try {
    const value: unknown = JSON.parse(text);
    return { value: typeof value === 'string' ? null : value, reason: '' };
  } catch {
    return { value: null, reason: 'not JSON' };
  }
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

function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end);
}
