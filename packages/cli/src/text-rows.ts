import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fromUtf8, PhalanxError } from '@phalanx/core';
import type { CliErrorCode } from './cli-error.js';

/** A text and where it was found. */
export interface TextRow {
  readonly file: string;
  /** Counted from 1; null where the file is the text. */
  readonly line: number | null;
  readonly text: string;
  /** Members that were asked for, as strings; absent where the row has none. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface TextRowOptions {
  /** Member that holds the text. */
  readonly field: string;
  /** Members to read besides: strings, numbers or truth values. */
  readonly labels?: readonly string[];
  /** Where rejected rows go; default: beside the file. */
  readonly rejectedDir?: string;
}

export interface TextRows {
  readonly rows: readonly TextRow[];
  readonly rejected: number;
  readonly rejectedFiles: readonly string[];
}

const MAX_FILE_BYTES = 1_073_741_824;
const MAX_LINE_BYTES = 8_388_608;
const MAX_ROWS = 200_000;
const MAX_LABEL_CHARS = 256;
const EXCERPT_CHARS = 1_000;

/**
 * Texts of files: of `*.jsonl` and `*.ndjson` one a row, of any other file the whole; `-` is standard input, one text.
 * A row that cannot be used goes to `<file>.rejected` with its line and the reason.
 *
 * @throws PhalanxError `CLI_FILE` when a file cannot be read or is above 1 GiB, or there are more than 200,000 rows
 */
export async function readTextRows(files: readonly string[], options: TextRowOptions): Promise<TextRows> {
  const rows: TextRow[] = [];
  const rejectedFiles: string[] = [];
  let rejected = 0;
  for (const file of files) {
    const bad: string[] = [];
    const reject = (line: number | null, reason: string, row: string) =>
      bad.push(JSON.stringify({ file, line, reason, row: row.slice(0, EXCERPT_CHARS) }));
    const byRow = /\.(?:jsonl|ndjson)$/i.test(file);
    if (byRow)
      for await (const { line, bytes } of readLines(file)) {
        const found = readRow(bytes, options);
        if (typeof found === 'string') reject(line, found, Buffer.from(bytes).toString('utf8'));
        else if (found !== null) rows.push({ file, line, ...found });
        requireRows(rows.length + rejected + bad.length, file);
      }
    else {
      const bytes = await readWhole(file);
      const text = decode(bytes);
      if (text === null) reject(null, 'not UTF-8', bytes.toString('utf8', 0, EXCERPT_CHARS));
      else rows.push({ file, line: null, text, labels: {} });
    }
    rejected += bad.length;
    const path = rejectedPath(file, options.rejectedDir);
    if (bad.length > 0) {
      await writeFile(path, `${bad.join('\n')}\n`, { mode: 0o600 }).catch((cause) => {
        throw fileError(`cannot write ${path}`, cause);
      });
      rejectedFiles.push(path);
    } else if (byRow) await rm(path, { force: true });
  }
  return { rows, rejected, rejectedFiles };
}

/** The row, null for a blank line, or why it cannot be used. */
function readRow(
  bytes: Uint8Array,
  { field, labels = [] }: TextRowOptions,
): Pick<TextRow, 'text' | 'labels'> | string | null {
  if (bytes.length > MAX_LINE_BYTES) return 'longer than 8 MiB';
  const written = decode(bytes);
  if (written === null) return 'not UTF-8';
  if (written.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    return 'not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object';
  const row = value as Record<string, unknown>;
  const text = Object.hasOwn(row, field) ? row[field] : undefined;
  if (typeof text !== 'string') return `${field} is not a string`;
  const found: Record<string, string> = {};
  for (const name of labels) {
    const label = Object.hasOwn(row, name) ? row[name] : undefined;
    if (label === undefined || label === null) continue;
    if (!['string', 'number', 'boolean'].includes(typeof label)) return `${name} is not a label`;
    if (String(label).length > MAX_LABEL_CHARS) return `${name} is longer than ${MAX_LABEL_CHARS} characters`;
    found[name] = String(label);
  }
  return { text, labels: found };
}

/** Lines of a file; of one above the limit its first 8 MiB and a byte, which says so. */
/** Lines of a file as bytes, numbered from 1; a longer line than 8 MiB is cut one byte after. `-` is standard input. */
export async function* readLines(file: string): AsyncGenerator<{ line: number; bytes: Uint8Array }> {
  let pieces: Uint8Array[] = [];
  let pending = 0;
  let line = 0;
  const keep = (bytes: Uint8Array) => {
    const room = MAX_LINE_BYTES + 1 - pending;
    if (room > 0) pieces.push(bytes.subarray(0, room));
    pending += Math.min(room, bytes.length);
  };
  const take = () => {
    const bytes = Buffer.concat(pieces);
    pieces = [];
    pending = 0;
    return { line: ++line, bytes };
  };
  for await (const part of openFile(file)) {
    let start = 0;
    for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, start)) {
      keep(part.subarray(start, end));
      yield take();
      start = end + 1;
    }
    keep(part.subarray(start));
  }
  if (pending > 0) yield take();
}

async function readWhole(file: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of openFile(file)) parts.push(part);
  return Buffer.concat(parts);
}

async function* openFile(file: string): AsyncGenerator<Buffer> {
  let total = 0;
  try {
    for await (const part of file === '-' ? process.stdin : createReadStream(file)) {
      total += (part as Buffer).length;
      if (total > MAX_FILE_BYTES) throw fileError(`${file} is larger than 1 GiB`);
      yield part as Buffer;
    }
  } catch (error) {
    throw PhalanxError.is(error)
      ? error
      : fileError(`cannot read ${file}: ${(error as Error).message}`, error);
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes);
  } catch {
    return null;
  }
}

function requireRows(count: number, file: string): void {
  if (count > MAX_ROWS)
    throw fileError(`${file}: more than ${MAX_ROWS} rows`, undefined, 'Give fewer at a time.');
}

function rejectedPath(file: string, directory: string | undefined): string {
  const name = file === '-' ? 'stdin' : file;
  return directory === undefined ? `${name}.rejected` : join(directory, `${basename(name)}.rejected`);
}

function fileError(message: string, cause?: unknown, advice?: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_FILE', message, { cause, ...(advice !== undefined && { advice }) });
}
