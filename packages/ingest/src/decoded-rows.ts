import type { Chunk } from './containers/chunk.js';
import { type CsvHeader, parseCsvRecords } from './containers/csv.js';
import { openParquet } from './containers/parquet.js';
import type { Source } from './source.js';

/** One row, decoded, or why it cannot be. `value` is a string in plain text, else what should be an object. */
export interface DecodedRow {
  readonly offset: number;
  /** Line in its stretch, from 0. */
  readonly line: number;
  readonly value: unknown;
  /** '' unless the row cannot be decoded. */
  readonly reason: string;
  /** The row as text. */
  readonly text: string;
}

/** Rows of a stretch of a source. */
export interface DecodedChunk {
  readonly rows: readonly DecodedRow[];
  /** Lines, records or elements, blank ones included. */
  readonly lines: number;
  /** Lines of the source before this stretch. */
  readonly linesBefore: number;
}

/**
 * Decodes the rows of a source, whatever its container. Blank lines are passed over; a row longer than 8 MiB comes with a reason
 * and its beginning. Memory: one chunk, some 2 MiB, or a row of at most 8 MiB.
 *
 * @throws PhalanxError `INGEST_CONTAINER` or `INGEST_LIMIT` where the source breaks off.
 */
export async function* decodeRows(source: Source): AsyncGenerator<DecodedChunk> {
  const parquet = source.container === 'parquet' ? await openParquet(source.path) : null;
  let linesBefore = source.header === null ? 0 : 1;
  for await (const chunk of source.read(0)) {
    if (chunk.kind === 'oversize') {
      const text = decode(chunk.excerpt, 0, chunk.excerpt.length);
      const row = { offset: chunk.offset, line: 0, value: null, reason: 'longer than 8 MiB', text };
      yield { rows: [row], lines: 1, linesBefore: linesBefore++ };
      continue;
    }
    const { rows, lines } =
      chunk.kind === 'bytes'
        ? decodeChunk(chunk, source)
        : describeRows(await parquet!.readRows(chunk.offset, chunk.end), chunk.offset);
    yield { rows, lines, linesBefore };
    linesBefore += lines;
  }
}

function decodeChunk(chunk: Chunk, { container, header }: Source): Rows {
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

function decodeCsv(bytes: Uint8Array, offset: number, header: CsvHeader): Rows {
  const rows = parseCsvRecords(bytes, header).map(({ start, end, row, reason }, line) => ({
    offset: offset + start,
    line,
    value: row,
    reason,
    text: decode(bytes, start, end),
  }));
  return { rows, lines: rows.length };
}

function describeRows(values: readonly unknown[], offset: number): Rows {
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

type Rows = Omit<DecodedChunk, 'linesBefore'>;

function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end);
}
