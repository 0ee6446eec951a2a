import { PhalanxError } from '@phalanx/core';
import { parse } from 'csv-parse/sync';
import { type IngestErrorCode, rejectRow } from '../error.js';
import type { Row } from '../formats/format.js';
import { MAX_COLUMNS, MAX_ROW_BYTES } from '../limits.js';

/** What the first record of a CSV file says. */
export interface CsvHeader {
  readonly columns: readonly string[];
  readonly delimiter: string;
  /** Bytes up to the end of the header record. */
  readonly bytes: number;
}

/** One record, or why it is none. */
export interface CsvRecord {
  /** Begin and end in the parsed bytes. */
  readonly start: number;
  readonly end: number;
  readonly row: Row | null;
  readonly reason: string;
}

const DELIMITERS = [',', ';', '\t', '|'];

/**
 * Reads the header record. The delimiter is the one of comma, semicolon, tab and bar that occurs most in it.
 *
 * @throws PhalanxError `INGEST_CONTAINER` when it is no CSV header, `INGEST_LIMIT` above 4096 columns.
 */
export function readCsvHeader(head: Uint8Array, end: number, where: string): CsvHeader {
  const line = Buffer.from(head.buffer, head.byteOffset, end).toString('utf8');
  const delimiter = DELIMITERS.map((mark) => ({ mark, count: line.split(mark).length })).sort(
    (a, b) => b.count - a.count,
  )[0]!.mark;
  let columns: string[] | undefined;
  try {
    columns = parse(line, { delimiter, bom: true, relax_quotes: true })[0];
  } catch (cause) {
    throw new PhalanxError<IngestErrorCode>('INGEST_CONTAINER', `${where}: unreadable CSV header`, { cause });
  }
  if (columns === undefined)
    throw new PhalanxError<IngestErrorCode>('INGEST_CONTAINER', `${where}: no CSV header`);
  if (columns.length > MAX_COLUMNS)
    throw new PhalanxError<IngestErrorCode>('INGEST_LIMIT', `${where}: more than ${MAX_COLUMNS} columns`);
  return { columns, delimiter, bytes: end };
}

/** Parses a stretch of whole CSV records. Broken ones come back with a reason; the rest is unharmed. */
export function parseCsvRecords(bytes: Uint8Array, header: CsvHeader): CsvRecord[] {
  const records: CsvRecord[] = [];
  for (const [start, end] of findRecords(bytes)) {
    try {
      const row = parseRecord(bytes, start, end, header);
      if (row !== null) records.push({ start, end, row, reason: '' });
    } catch (error) {
      records.push({ start, end, row: null, reason: (error as Error).message });
    }
  }
  return records;
}

/** Null for a blank line. */
function parseRecord(bytes: Uint8Array, start: number, end: number, header: CsvHeader): Row | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  if (text.trim() === '') return null;
  const fields = parse(text, {
    delimiter: header.delimiter,
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: MAX_ROW_BYTES,
  })[0];
  if (fields === undefined) return null;
  if (fields.length !== header.columns.length)
    throw rejectRow(`${fields.length} columns, the header has ${header.columns.length}`);
  const row: Record<string, unknown> = Object.create(null);
  header.columns.forEach((column, index) => {
    row[column] = fields[index];
  });
  return row;
}

/** Record bounds: a line break ends a record unless an odd number of quotes came before it. */
function* findRecords(bytes: Uint8Array): Generator<readonly [number, number]> {
  let start = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) quoted = !quoted;
    else if (byte === 0x0a && !quoted) {
      yield [start, at + 1];
      start = at + 1;
    }
  }
  if (start < bytes.length) yield [start, bytes.length];
}
