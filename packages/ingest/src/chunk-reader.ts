import { type Clock, PhalanxError, systemClock } from '@phalanx/core';
import type { Account, Exchange } from '@phalanx/domain';
import { describeExchange, type Observation, observe, packObservations } from '@phalanx/record';
import {
  type BenchmarkIndex,
  createSketcher,
  HashDomain,
  type Sketcher,
  sketchExchange,
} from '@phalanx/sketch';
import { ExchangeBlock } from '@phalanx/store';
import { isJsonObject } from '@phalanx/wire';
import type { ChunkResult, ExchangeTexts, RejectedRow, SeenAccount } from './chunk-result.js';
import type { Chunk } from './containers/chunk.js';
import { type CsvHeader, parseCsvRecords } from './containers/csv.js';
import type { ParquetFile } from './containers/parquet.js';
import { rejectRow } from './error.js';
import type { Format, Ingested, Intervention, Row, RowContext } from './formats/format.js';
import { exceedsDepth, MAX_AHEAD_MS, MAX_REJECTED_EXCERPT_BYTES, MAX_ROW_DEPTH } from './limits.js';
import { RowScanner } from './scanner/row-scanner.js';

/** What a reader must know of a source. */
export interface SourceView {
  readonly format: Format;
  readonly context: RowContext;
  /** Keyed digest of the first data row: scopes the ids of rows that have none of their own. */
  readonly idScope: string;
  readonly header: CsvHeader | null;
  readonly parquet: ParquetFile | null;
}

export interface ChunkReaderOptions {
  /** Known benchmark passages; without them no exchange carries the BENCHMARK intent. */
  readonly benchmarks?: BenchmarkIndex;
  readonly clock?: Clock;
  /** Whether exchanges are committed to for the log; default not. */
  readonly record?: boolean;
}

/** A position in a chunk that rows come from. */
interface Place {
  readonly offset: number;
  readonly line: number;
  /** The row as text, for its id and its excerpt. */
  readonly text: () => string;
}

/** How many account ids a reader remembers as reported; past it some are reported again, which is harmless. */
const MAX_REMEMBERED_ACCOUNTS = 500_000;

/** After so many refused rows in a row a chunk is no longer scanned. */
const MAX_REFUSED = 32;

/** Turns chunks into encoded blocks: decode, read by format, sketch, pack. Synchronous but for Parquet; one a thread. */
export class ChunkReader {
  readonly #sketcher: Sketcher;
  readonly #keepText: boolean;
  readonly #record: boolean;
  readonly #block = new ExchangeBlock();
  readonly #reported = new Set<string>();
  readonly #scanners = new Map<Format, RowScanner>();
  readonly #clock: Clock;
  #latestMs = 0;
  #tally = makeTally();

  constructor(sketchKey: Uint8Array, keepText: boolean, options: ChunkReaderOptions = {}) {
    const { benchmarks, clock = systemClock, record = false } = options;
    this.#sketcher = createSketcher(sketchKey, benchmarks === undefined ? {} : { benchmarks });
    this.#keepText = keepText;
    this.#record = record;
    this.#clock = clock;
  }

  #begin(): void {
    this.#tally = makeTally();
    this.#latestMs = this.#clock.nowMs() + MAX_AHEAD_MS;
  }

  /** Reads a chunk of whole rows. Never throws for what the rows contain. */
  readChunk(chunk: Chunk, source: SourceView): ChunkResult {
    this.#begin();
    if (source.header !== null) this.#readCsv(chunk, source, source.header);
    else if (chunk.bounds === null) this.#readLines(chunk, source);
    else {
      const { bounds } = chunk;
      for (let at = 0; at < bounds.length; at += 2)
        this.#readJson(chunk, bounds[at]!, bounds[at + 1]!, at / 2, source);
      this.#tally.lines = bounds.length / 2;
    }
    return this.#finish();
  }

  /** Reads rows [from, to) of a Parquet file. @throws whatever the file's decoder throws. */
  async readSlice(from: number, to: number, source: SourceView): Promise<ChunkResult> {
    this.#begin();
    const rows = await source.parquet!.readRows(from, to);
    rows.forEach((row, index) => {
      this.#readRow(row, { offset: from + index, line: index, text: () => JSON.stringify(row) }, source, 0);
    });
    this.#tally.lines = rows.length;
    return this.#finish();
  }

  #finish(): ChunkResult {
    const block = this.#block.rows === 0 ? null : (this.#block.encode() as Uint8Array<ArrayBuffer>);
    this.#block.clear();
    const { observed, ...tally } = this.#tally;
    const observations = observed.length === 0 ? null : packObservations(observed);
    return { ...tally, block, observations };
  }

  #readLines(chunk: Chunk, source: SourceView): void {
    const { bytes } = chunk;
    let start = 0;
    let line = 0;
    let scanner = this.#openScanner(source.format, bytes);
    let refused = 0;
    while (start < bytes.length) {
      if (scanner !== null) {
        const end = scanner.scan(start);
        if (end !== -1 && this.#readTape(scanner, chunk, start, end, line, source)) {
          refused = 0;
          line++;
          start = end + 1;
          continue;
        }
        // A log in another form: what a scan costs would be lost on every row of it.
        if (++refused === MAX_REFUSED) scanner = null;
      }
      const found = bytes.indexOf(0x0a, start);
      const end = found === -1 ? bytes.length : found;
      this.#readJson(chunk, start, end, line, source);
      line++;
      start = end + 1;
    }
    this.#tally.lines = line;
  }

  /** The scanner of this format with the chunk in it, or null when rows go the ordinary way. */
  #openScanner(format: Format, bytes: Uint8Array): RowScanner | null {
    if (format.scanned === undefined) return null;
    let scanner = this.#scanners.get(format);
    if (scanner === undefined) this.#scanners.set(format, (scanner = new RowScanner(format.scanned.keys)));
    return scanner.open(bytes) ? scanner : null;
  }

  /** Takes the row on the tape; false when it must be read the ordinary way. */
  #readTape(
    scanner: RowScanner,
    chunk: Chunk,
    start: number,
    end: number,
    line: number,
    source: SourceView,
  ): boolean {
    const { bytes, offset } = chunk;
    const text = (): string =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end);
    const place: Place = { offset: offset + start, line, text };
    let read: readonly Ingested[] | null;
    try {
      read = source.format.scanned!.readTape(scanner, source.context);
    } catch (error) {
      this.#reject(place, reasonOf(error));
      return true;
    }
    if (read === null) return false;
    this.#takeAll(read, place, source, 0);
    return true;
  }

  #readJson({ bytes, offset }: Chunk, start: number, end: number, line: number, source: SourceView): void {
    // A byte order mark may open the stream; Buffer decoding keeps it and JSON.parse refuses it.
    const from =
      offset + start === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : start;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', from, end);
    if (text.length < 64 && text.trim() === '') return;
    const place: Place = { offset: offset + start, line, text: () => text };
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#reject(place, 'not JSON');
      return;
    }
    if (!Array.isArray(value)) this.#readRow(value, place, source, 0);
    // Some exporters write one batch a line.
    else if (value.length === 0) this.#countIgnored();
    else for (const [index, item] of value.entries()) this.#readRow(item, place, source, index);
  }

  #readCsv({ bytes, offset }: Chunk, source: SourceView, header: CsvHeader): void {
    const records = parseCsvRecords(bytes, header);
    records.forEach(({ start, end, row, reason }, line) => {
      const text = (): string =>
        Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
      const place: Place = { offset: offset + start, line, text };
      if (row === null) this.#reject(place, reason);
      else this.#readRow(row, place, source, 0);
    });
    this.#tally.lines = records.length;
  }

  #readRow(row: unknown, place: Place, source: SourceView, item: number): void {
    let read: readonly Ingested[];
    try {
      if (!isJsonObject(row)) throw rejectRow('not an object');
      if (exceedsDepth(row, MAX_ROW_DEPTH)) throw rejectRow(`nested deeper than ${MAX_ROW_DEPTH}`);
      read = source.format.read(row as Row, source.context);
    } catch (error) {
      this.#reject(place, reasonOf(error));
      return;
    }
    this.#takeAll(read, place, source, item);
  }

  #takeAll(read: readonly Ingested[], place: Place, source: SourceView, item: number): void {
    if (read.length === 0) this.#countIgnored();
    for (let index = 0; index < read.length; index++) this.#take(read[index]!, place, source, item, index);
  }

  #take(part: Ingested, place: Place, source: SourceView, item: number, index: number): void {
    const tally = this.#tally;
    switch (part.kind) {
      case 'exchange':
        try {
          this.#push(part.exchange, place, source, item, index);
        } catch (error) {
          this.#reject(place, reasonOf(error));
          return;
        }
        tally.exchanges++;
        break;
      case 'account':
        tally.accounts.push(part.account);
        break;
      case 'intervention':
        tally.interventions.push(part.intervention);
        break;
      case 'rejected':
        this.#reject(place, part.reason);
        return;
    }
    tally.records++;
  }

  #push(exchange: Exchange, place: Place, source: SourceView, item: number, index: number): void {
    if (exchange.startedAtMs > this.#latestMs)
      throw rejectRow(
        `starts at ${new Date(exchange.startedAtMs).toISOString()}, more than a day ahead of this machine's clock`,
      );
    const id =
      exchange.sourceId === undefined
        ? this.#sketcher.hash128(
            HashDomain.EXCHANGE,
            `row:${source.idScope}:${place.offset}:${item}:${index}:${place.text()}`,
          )
        : undefined;
    const record = sketchExchange(exchange, this.#sketcher, id);
    this.#block.push(record);
    this.#report(exchange);
    if (this.#record)
      this.#tally.observed.push(observe(record, describeExchange(exchange, record), this.#keepText));
    if (this.#keepText)
      this.#tally.texts.push({
        id: record.id,
        account: record.account,
        atMs: record.atMs,
        prompt: exchange.messages.length === 0 ? '' : JSON.stringify(exchange.messages),
        response: exchange.response ?? null,
      });
  }

  #report({ accountId, organisationId }: Exchange): void {
    if (this.#reported.has(accountId)) return;
    if (this.#reported.size >= MAX_REMEMBERED_ACCOUNTS) this.#reported.clear();
    this.#reported.add(accountId);
    this.#tally.seenAccounts.push({ accountId, organisationId });
  }

  #countIgnored(): void {
    this.#tally.ignored++;
    this.#tally.records++;
  }

  #reject({ offset, line, text }: Place, reason: string): void {
    const excerpt = Buffer.from(text().slice(0, MAX_REJECTED_EXCERPT_BYTES))
      .subarray(0, MAX_REJECTED_EXCERPT_BYTES)
      .toString('utf8');
    this.#tally.rejected.push({ offset, line, reason: reason.slice(0, 500), excerpt });
    this.#tally.records++;
  }
}

function makeTally() {
  return {
    lines: 0,
    records: 0,
    exchanges: 0,
    ignored: 0,
    rejected: [] as RejectedRow[],
    seenAccounts: [] as SeenAccount[],
    accounts: [] as Account[],
    interventions: [] as Intervention[],
    texts: [] as ExchangeTexts[],
    observed: [] as Observation[],
  };
}

/** An error of ours speaks for itself; any other is a bug that one row found, and must not stop the rest. */
function reasonOf(error: unknown): string {
  return PhalanxError.is(error) ? error.message : `internal error: ${(error as Error).message}`;
}
