import { availableParallelism } from 'node:os';
import type { Readable } from 'node:stream';
import { PhalanxError } from '@phalanx/core';
import { type BenchmarkIndex, checkBenchmarkIndex } from '@phalanx/sketch';
import {
  BatchWriter,
  type IngestStore,
  type RecordSink,
  type SourceProgress,
  type TextSink,
} from './batch-writer.js';
import type { ChunkResult } from './chunk-result.js';
import type { Chunk, OversizeRow } from './containers/chunk.js';
import type { ParquetSlice } from './containers/parquet.js';
import type { Mapping } from './formats/mapping.js';
import { type Plan, planSources } from './plan.js';
import { RejectedFile, rejectedPath } from './rejected-file.js';
import { type IngestReport, type IngestStatus, ProgressMeter, type RunTally } from './report.js';
import { openSource, type Source } from './source.js';
import { WorkerPool } from './worker-pool.js';
import type { SourceDescription } from './worker-protocol.js';

export interface IngestOptions {
  readonly store: IngestStore;
  /** 32 bytes; the same for all that shall be compared. */
  readonly sketchKey: Uint8Array;
  /** Name of a format for all files; default: detected for each. */
  readonly format?: string;
  /** Reads all files by this mapping. */
  readonly mapping?: Mapping;
  /** The account of rows that name none. */
  readonly defaultAccountId?: string;
  /**
   * Known benchmark passages: exchanges whose prompt holds one get the BENCHMARK intent. It counts for what this run reads;
   * what is stored keeps the intents it was sketched with.
   */
  readonly benchmarks?: BenchmarkIndex;
  /** Threads that parse and sketch; default: the cores there are. */
  readonly workers?: number;
  /** Directory for `.rejected` files; default: beside each source. */
  readonly rejectedDir?: string;
  /** Where texts are kept; default: they are not. */
  readonly texts?: TextSink;
  /** The log that exchanges are written to before the store; default: none. */
  readonly record?: RecordSink;
  /** Rows of a run from which the store is compacted at its end; default 1,000,000. */
  readonly compactAfterRows?: number;
  readonly onProgress?: (status: IngestStatus) => void;
  /** Ends the run early: what was read is stored, then the report comes back with `interrupted`. */
  readonly signal?: AbortSignal;
  /** What the file name "-" reads; default: standard input. */
  readonly stdin?: Readable;
}

/** A chunk under way, in the order of its source. */
interface Ticket {
  readonly source: SourceState;
  readonly end: number;
  /** Lines past `end`: the unterminated last row. */
  readonly hasTail: boolean;
  readonly result: Promise<ChunkResult>;
}

type SourceState = { -readonly [Key in keyof SourceProgress]: SourceProgress[Key] } & {
  readonly path: string;
  readonly headerLines: number;
  failure: PhalanxError | null;
};

/**
 * Reads log files into the telemetry store.
 *
 * Durable in steps: each batch of about 131,000 exchanges is synced before the progress that covers it, so a run that
 * was killed goes on where the last batch ended, and rows read twice collapse by id. A source is known again by its
 * first 64 KiB; a plain file may grow between runs. Rows that cannot be used go to `<file>.rejected`. A run of a million
 * rows or over 20 batches ends with the store's `compact`.
 *
 * @param files paths; "-" is standard input. Any mixture of JSONL, JSON, CSV, Parquet, plain, gzip or zstd.
 * @throws PhalanxError before anything is read: `INGEST_FORMAT_UNKNOWN`, `INGEST_CONTAINER`, `INGEST_LIMIT`,
 *   `SKETCH_BENCHMARK_INDEX`; later `INGEST_WORKER`, or what the store throws. A file that breaks off in the middle is reported, not thrown.
 */
export async function ingestFiles(files: readonly string[], options: IngestOptions): Promise<IngestReport> {
  const benchmarks = shareHashes(options.benchmarks);
  const plans = await planSources(files, options);
  const sizes = plans.map((plan) => plan.sizeBytes);
  const total = sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + size!, 0);
  const meter = new ProgressMeter(plans.length, total, options.onProgress);
  const batchInputs = plans.flatMap(({ description, path }) => (description?.isBatchInput ? [path] : []));
  const workers = Math.max(1, options.workers ?? availableParallelism());
  const pool = new WorkerPool(workers, {
    sketchKey: options.sketchKey,
    keepText: options.texts !== undefined,
    record: options.record !== undefined,
    defaultAccountId: options.defaultAccountId,
    benchmarks,
    batchInputs,
  });
  try {
    const writer = await BatchWriter.open(
      options.store,
      options.sketchKey,
      options.texts ?? null,
      options.record ?? null,
    );
    const run = new Run(options, pool, writer, meter, workers * 2 + 1);
    for (const [index, plan] of plans.entries()) {
      if (options.signal?.aborted) break;
      await run.readSource(plan, index + 1);
    }
    return await run.finish(plans.length);
  } finally {
    for (const plan of plans) plan.opened?.close();
    await pool.close();
  }
}

/** One call of `ingestFiles`: chunks go out to the threads and come back in order. */
class Run {
  readonly #options: IngestOptions;
  readonly #pool: WorkerPool;
  readonly #writer: BatchWriter;
  readonly #meter: ProgressMeter;
  readonly #maxTickets: number;
  readonly #tickets: Ticket[] = [];
  readonly #states: SourceState[] = [];
  readonly #tally: RunTally = {
    rows: 0,
    exchanges: 0,
    accounts: 0,
    interventions: 0,
    ignored: 0,
    rejected: 0,
    skippedLines: 0,
    bytes: 0,
  };

  constructor(
    options: IngestOptions,
    pool: WorkerPool,
    writer: BatchWriter,
    meter: ProgressMeter,
    maxTickets: number,
  ) {
    this.#options = options;
    this.#pool = pool;
    this.#writer = writer;
    this.#meter = meter;
    this.#maxTickets = maxTickets;
  }

  async readSource(plan: Plan, number: number): Promise<void> {
    const { description } = plan;
    if (description === null) return;
    const source = plan.opened ?? (await openSource(plan.path, process.stdin));
    try {
      const state = await this.#resume(source);
      if (state === null) {
        this.#tally.bytes += source.sizeBytes ?? 0;
        return;
      }
      try {
        for await (const chunk of source.read(state.offset)) {
          if (this.#options.signal?.aborted || state.failure !== null) break;
          this.#send(chunk, description, state);
          while (this.#tickets.length >= this.#maxTickets) await this.#takeOldest();
          this.#meter.report(plan.path, number, this.#tally, this.#tally.bytes + source.bytesRead());
        }
      } catch (error) {
        if (!isSourceFailure(error)) throw error;
        state.failure = asFailure(error, plan.path);
      }
      while (this.#tickets.length > 0) await this.#takeOldest();
      state.finished = state.failure === null && !this.#options.signal?.aborted;
      this.#writer.note(state);
      this.#tally.bytes += source.bytesRead();
      this.#meter.report(plan.path, number, this.#tally, this.#tally.bytes, true);
    } finally {
      source.close();
    }
  }

  async finish(files: number): Promise<IngestReport> {
    await this.#writer.flush();
    if (this.#writer.deservesCompaction(this.#options.compactAfterRows) && !this.#options.signal?.aborted) {
      this.#meter.report('', files, this.#tally, this.#tally.bytes, true, 'compacting');
      await this.#options.store.compact();
    }
    const failed = this.#states.filter((state) => state.failure !== null);
    return {
      files,
      ...this.#tally,
      seconds: this.#meter.seconds,
      rejectedFiles: this.#states
        .filter((state) => state.rejected > 0)
        .map((state) => state.rejectedFile.path),
      failures: failed.map(({ path, failure }) => ({
        file: path,
        code: failure!.code,
        message: failure!.message,
      })),
      interrupted: this.#options.signal?.aborted ?? false,
    };
  }

  /** Where to go on; null when nothing is left to read. */
  async #resume(source: Source): Promise<SourceState | null> {
    const found = await this.#options.store.readProgress(source.digest);
    const shrunk =
      source.compression === 'none' &&
      source.container !== 'parquet' &&
      found !== null &&
      source.sizeBytes !== null;
    const previous = shrunk && found.offset > source.sizeBytes! ? null : found;
    this.#tally.skippedLines += previous?.rows ?? 0;
    const isWhole = previous?.finished === true && source.sizeBytes !== null;
    if (isWhole && (!shrunk || previous.offset === source.sizeBytes)) return null;
    const rejectedFile = new RejectedFile(rejectedPath(source.path, this.#options.rejectedDir), source.path);
    await rejectedFile.rewind(previous?.offset ?? 0);
    const state: SourceState = {
      digest: source.digest,
      path: source.path,
      offset: previous?.offset ?? 0,
      rows: previous?.rows ?? 0,
      rejected: previous?.rejected ?? 0,
      finished: false,
      rejectedFile,
      headerLines: source.header === null ? 0 : 1,
      failure: null,
    };
    this.#states.push(state);
    return state;
  }

  #send(
    chunk: Chunk | OversizeRow | ParquetSlice,
    description: SourceDescription,
    source: SourceState,
  ): void {
    const hasTail = chunk.kind === 'bytes' && chunk.end < chunk.offset + chunk.bytes.length;
    const result =
      chunk.kind === 'oversize' ? Promise.resolve(rejectOversize(chunk)) : this.#pool.run(description, chunk);
    // Met when its turn comes; until then it must not count as unhandled.
    result.catch(() => {});
    this.#tickets.push({ source, end: chunk.end, hasTail, result });
  }

  async #takeOldest(): Promise<void> {
    const ticket = this.#tickets.shift()!;
    const { source } = ticket;
    let result: ChunkResult;
    try {
      result = await ticket.result;
    } catch (error) {
      if (!isSourceFailure(error)) throw error;
      source.failure ??= asFailure(error, source.path);
      return;
    }
    // What follows damage is not stored, because progress cannot name a hole.
    if (source.failure !== null) return;
    const tally = this.#tally;
    const linesBefore = source.rows + source.headerLines;
    tally.rows += result.records;
    tally.exchanges += result.exchanges;
    tally.accounts += result.accounts.length;
    tally.interventions += result.interventions.length;
    tally.ignored += result.ignored;
    tally.rejected += result.rejected.length;
    source.offset = ticket.end;
    source.rows += result.lines - (ticket.hasTail ? 1 : 0);
    source.rejected += result.rejected.length;
    await this.#writer.add(result, source, linesBefore);
  }
}

/** Checked here, where the error has a name, and not in each thread; shared, because an index may have 128 MiB. */
function shareHashes(index: BenchmarkIndex | undefined): BigUint64Array<SharedArrayBuffer> | null {
  if (index === undefined || index.hashes.length === 0) return null;
  checkBenchmarkIndex(index);
  const shared = new BigUint64Array(new SharedArrayBuffer(index.hashes.byteLength));
  shared.set(index.hashes);
  return shared;
}

/** Whether an error concerns one source only. */
function isSourceFailure(error: unknown): boolean {
  if (PhalanxError.is(error)) return error.code === 'INGEST_CONTAINER' || error.code === 'INGEST_LIMIT';
  return typeof (error as NodeJS.ErrnoException).code === 'string';
}

function asFailure(error: unknown, path: string): PhalanxError {
  if (PhalanxError.is(error)) return error;
  return new PhalanxError('INGEST_CONTAINER', `${path}: ${(error as Error).message}`, { cause: error });
}

function rejectOversize({ offset, excerpt }: OversizeRow): ChunkResult {
  const text = Buffer.from(excerpt.buffer, excerpt.byteOffset, excerpt.byteLength).toString('utf8');
  return {
    block: null,
    lines: 1,
    records: 1,
    exchanges: 0,
    ignored: 0,
    rejected: [{ offset, line: 0, reason: 'longer than 8 MiB', excerpt: text }],
    seenAccounts: [],
    accounts: [],
    interventions: [],
    texts: [],
    observations: null,
  };
}
