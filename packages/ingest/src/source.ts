import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { PhalanxError } from '@phalanx/core';
import { isJsonObject } from '@phalanx/wire';
import { type Chunk, cutChunks, type OversizeRow } from './containers/chunk.js';
import { type Compression, decompress, detectCompression } from './containers/compression.js';
import { type CsvHeader, parseCsvRecords, readCsvHeader } from './containers/csv.js';
import { makeCsvCutter, makeJsonCutter, makeLineCutter } from './containers/cutters.js';
import { openParquet, type ParquetFile, type ParquetSlice } from './containers/parquet.js';
import type { IngestErrorCode } from './error.js';
import type { Row } from './formats/format.js';
import { MAX_ROW_BYTES } from './limits.js';
import { PeekedStream } from './peeked-stream.js';

/** How rows lie in the decompressed bytes. */
export type Container = 'jsonl' | 'json' | 'csv' | 'parquet' | 'lines';

/** A file (or standard input) as its first bytes describe it, ready to be read. */
export interface Source {
  readonly path: string;
  readonly container: Container;
  readonly compression: Compression;
  /** Bytes on disk; null for standard input. */
  readonly sizeBytes: number | null;
  /** Identity for progress: SHA-256 of the first 64 KiB, and of the size where growth cannot be followed. */
  readonly digest: string;
  readonly header: CsvHeader | null;
  /** The first data row as text, '' when the file has none. */
  readonly firstRow: string;
  /** A few first rows, decoded. */
  readonly sample: readonly Row[];
  /** Raw bytes taken from the file so far. */
  readonly bytesRead: () => number;
  /** Reads from this position of the decompressed stream (for Parquet: this row) on. Once only. */
  readonly read: (offset: number) => AsyncGenerator<Chunk | OversizeRow | ParquetSlice>;
  readonly close: () => void;
}

const DIGEST_BYTES = 64 * 1024;
const HEAD_BYTES = 256 * 1024;
const SAMPLE_ROWS = 20;
const CHUNK_BYTES = 2 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

/** The path that stands for standard input. */
export const STDIN_PATH = '-';

/**
 * Opens a source and finds out what it is.
 *
 * @param stdin where "-" reads from
 * @param asLines takes each line for a row of plain text, whatever it looks like; such a source has no sample
 * @throws PhalanxError `INGEST_CONTAINER` for UTF-16, broken compression, Parquet on a pipe or an unreadable header;
 *   the file system's own error when the file cannot be opened.
 */
export async function openSource(path: string, stdin: Readable, asLines = false): Promise<Source> {
  const isStdin = path === STDIN_PATH;
  const sizeBytes = isStdin ? null : (await stat(path)).size;
  const raw = new PeekedStream(isStdin ? stdin : createReadStream(path, { highWaterMark: READ_BYTES }));
  const rawHead = await raw.peek(DIGEST_BYTES);
  const hash = createHash('sha256').update(rawHead.subarray(0, DIGEST_BYTES));
  if (!asLines && startsWith(rawHead, 'PAR1')) {
    raw.destroy();
    if (isStdin)
      throw containerError(`${path}: Parquet cannot be read from a pipe`, 'Give the file by its name.');
    return describeParquet(
      path,
      await openParquet(path),
      sizeBytes!,
      hash.update(`:${sizeBytes}`).digest('hex'),
    );
  }
  const compression = detectCompression(rawHead);
  if (compression !== 'none') hash.update(`:${sizeBytes}`);
  const stream = compression === 'none' ? raw : new PeekedStream(decompress(raw.toReadable(), compression));
  const head = await stream.peek(HEAD_BYTES, (bytes) => bytes.indexOf(0x0a, firstInk(bytes)) === -1);
  refuseUtf16(head, path);
  const container = asLines ? 'lines' : detectContainer(head);
  const header = container === 'csv' && head.length > 0 ? readHeader(head, path) : null;
  const { rows, firstRow } = asLines ? { rows: [], firstRow: '' } : await sampleRows(head, container, header);
  return {
    path,
    container,
    compression,
    sizeBytes,
    digest: hash.digest('hex'),
    header,
    firstRow,
    sample: rows,
    bytesRead: () => raw.bytesRead,
    read: (offset) =>
      readText(stream, { path, offset, container, header, seekable: !isStdin && stream === raw }),
    close: () => {
      stream.destroy();
      raw.destroy();
    },
  };
}

async function* readText(
  stream: PeekedStream,
  at: { path: string; offset: number; container: Container; header: CsvHeader | null; seekable: boolean },
): AsyncGenerator<Chunk | OversizeRow> {
  const offset = Math.max(at.offset, at.header?.bytes ?? 0);
  const cutter =
    at.container === 'csv' ? makeCsvCutter() : at.container === 'json' ? makeJsonCutter() : makeLineCutter();
  const options = { chunkBytes: CHUNK_BYTES, maxRowBytes: MAX_ROW_BYTES, offset };
  if (at.seekable && offset > HEAD_BYTES) {
    stream.destroy();
    const from = createReadStream(at.path, { start: offset, highWaterMark: READ_BYTES });
    yield* cutChunks(stream.adopt(from), cutter, options);
  } else yield* cutChunks(skipBytes(stream, offset), cutter, options);
}

async function* skipBytes(stream: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of stream) {
    if (left >= piece.length) left -= piece.length;
    else {
      yield left === 0 ? piece : piece.subarray(left);
      left = 0;
    }
  }
}

async function describeParquet(
  path: string,
  file: ParquetFile,
  size: number,
  digest: string,
): Promise<Source> {
  const sample = await file.readRows(0, Math.min(SAMPLE_ROWS, file.rows));
  let done = 0;
  return {
    path,
    container: 'parquet',
    compression: 'none',
    sizeBytes: size,
    digest,
    header: null,
    firstRow: sample.length === 0 ? '' : JSON.stringify(sample[0]),
    sample,
    bytesRead: () => Math.round((size * done) / Math.max(1, file.rows)),
    async *read(offset) {
      for (const slice of file.slices) {
        done = slice.end;
        if (slice.end > offset) yield { ...slice, offset: Math.max(slice.offset, offset) };
      }
    },
    close: () => {},
  };
}

/** JSONL when the first line is one JSON value by itself, JSON when it only begins like one, else CSV. */
function detectContainer(head: Buffer): Container {
  const start = firstInk(head);
  const first = head[start];
  if (first !== 0x7b && first !== 0x5b) return head.length === 0 ? 'jsonl' : 'csv';
  const end = head.indexOf(0x0a, start);
  const line = head.toString('utf8', start, end === -1 ? head.length : end);
  try {
    const value: unknown = JSON.parse(line);
    // A list on the only line is a JSON file; lists on several lines are batches.
    return Array.isArray(value) && head.subarray(end === -1 ? head.length : end).every((byte) => byte <= 0x20)
      ? 'json'
      : 'jsonl';
  } catch {
    if (first === 0x5b) return 'json';
    // One very long row, or objects end to end on one line.
    if (end === -1) return /\}\s*\{/.test(line) ? 'json' : 'jsonl';
    // A broken first line among whole ones is JSONL; a pretty-printed object has no whole object on a line of its own.
    return head.toString('utf8', end).split('\n', 50).some(isObjectLine) ? 'jsonl' : 'json';
  }
}

function isObjectLine(line: string): boolean {
  if (!line.startsWith('{') || line.length < 3) return false;
  try {
    return isJsonObject(JSON.parse(line));
  } catch {
    return false;
  }
}

function firstInk(bytes: Uint8Array): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < bytes.length && bytes[at]! <= 0x20) at++;
  return at;
}

function readHeader(head: Buffer, path: string): CsvHeader {
  let quoted = false;
  for (let at = firstInk(head); at < head.length; at++) {
    if (head[at] === 0x22) quoted = !quoted;
    else if (head[at] === 0x0a && !quoted) return readCsvHeader(head, at + 1, path);
  }
  return readCsvHeader(head, head.length, path);
}

async function sampleRows(head: Buffer, container: Container, header: CsvHeader | null) {
  const rows: Row[] = [];
  let firstRow = '';
  const start = header?.bytes ?? 0;
  const cutter =
    container === 'csv' ? makeCsvCutter() : container === 'json' ? makeJsonCutter() : makeLineCutter();
  async function* once() {
    yield head.subarray(start);
  }
  const options = { chunkBytes: Math.max(1, head.length), maxRowBytes: MAX_ROW_BYTES, offset: start };
  for await (const chunk of cutChunks(once(), cutter, options)) {
    if (chunk.kind !== 'bytes') continue;
    for (const { text, row } of decodeRows(chunk, header)) {
      firstRow ||= text;
      if (row !== null) rows.push(row);
      if (rows.length >= SAMPLE_ROWS) return { rows, firstRow };
    }
  }
  return { rows, firstRow };
}

function* decodeRows(chunk: Chunk, header: CsvHeader | null): Generator<{ text: string; row: Row | null }> {
  const bytes = Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength);
  if (header !== null) {
    for (const { start, end, row } of parseCsvRecords(bytes, header))
      yield { text: bytes.toString('utf8', start, end), row };
    return;
  }
  const texts: string[] = [];
  if (chunk.bounds === null)
    texts.push(
      ...bytes
        .toString('utf8')
        .replace(/^\uFEFF/, '')
        .split('\n'),
    );
  else
    for (let at = 0; at < chunk.bounds.length && at < 2 * SAMPLE_ROWS; at += 2)
      texts.push(bytes.toString('utf8', chunk.bounds[at]!, chunk.bounds[at + 1]!));
  for (const text of texts) {
    if (text.trim() === '') continue;
    let value: unknown = null;
    try {
      value = JSON.parse(text);
    } catch {
      // Broken rows are reported when the file is read; they say nothing about its format.
    }
    if (Array.isArray(value)) value = value[0];
    yield { text, row: isJsonObject(value) ? value : null };
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, text.length)).toString('latin1') ===
    text
  );
}

function refuseUtf16(head: Uint8Array, path: string): void {
  const first = (head[0]! << 8) | head[1]!;
  if (first === 0xfffe || first === 0xfeff)
    throw containerError(`${path}: UTF-16 text`, 'Convert it to UTF-8, for example with iconv.');
}

function containerError(message: string, advice: string): PhalanxError<IngestErrorCode> {
  return new PhalanxError('INGEST_CONTAINER', message, { advice });
}
