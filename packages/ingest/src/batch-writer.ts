import { concatBytes } from '@phalanx/core';
import type { Account } from '@phalanx/domain';
import { type Observation, unpackObservations } from '@phalanx/record';
import type { IngestProgress, TelemetryStore } from '@phalanx/store';
import { AccountRows } from './account-rows.js';
import type { ChunkResult, ExchangeTexts, SeenAccount } from './chunk-result.js';
import type { Intervention } from './formats/format.js';
import type { RejectedFile } from './rejected-file.js';

/** What ingestion needs of a telemetry store. */
export type IngestStore = Pick<
  TelemetryStore,
  | 'insertExchanges'
  | 'insertAccounts'
  | 'insertInterventions'
  | 'readProgress'
  | 'writeProgress'
  | 'accountFacts'
  | 'compact'
>;

/** Keeps texts, encrypted. */
export interface TextSink {
  appendTexts(texts: readonly ExchangeTexts[]): Promise<void>;
}

/** The log of what was seen. */
export interface RecordSink {
  /** Durable when it resolves. */
  append(observations: readonly Observation[]): Promise<unknown>;
  /** Signs for all that was appended. */
  publish(): Promise<unknown>;
}

/** How far one source is, and where its rejected rows go. Changed by the writer. */
export interface SourceProgress extends IngestProgress {
  readonly digest: string;
  readonly rejectedFile: RejectedFile;
}

/**
 * Rows an insert waits for: a part on disk costs two syncs however few rows it has. Processor time a row by rows an
 * insert, embedded engine: 60,000 1.9 us, 120,000 1.1 us, 240,000 0.9 us.
 */
const BATCH_ROWS = 131_072;
/** ... or bytes, for rows that are mostly text. */
const BATCH_BYTES = 64 * 1024 * 1024;

/** From so many rows or inserts on, merging once costs less than what the next reads would pay for unmerged parts. */
const COMPACT_ROWS = 1_000_000;
const COMPACT_INSERTS = 20;

interface Batch {
  blocks: Uint8Array[];
  observations: Uint8Array[];
  rows: number;
  bytes: number;
  seen: Map<string, SeenAccount>;
  accounts: Account[];
  interventions: Intervention[];
  texts: ExchangeTexts[];
  rejected: Map<RejectedFile, Parameters<RejectedFile['append']>[0][number][]>;
  progress: Map<string, IngestProgress>;
}

/**
 * Gathers chunk results, in the order of their sources, and writes them in large batches: first to the log, then to the store.
 * Within a batch progress is written last, so that whatever it covers is durable; after a crash the tail is read again and collapses by id.
 * Holds at most two batches: one that fills and one under way.
 */
export class BatchWriter {
  readonly #store: IngestStore;
  readonly #texts: TextSink | null;
  readonly #record: RecordSink | null;
  readonly #accounts: AccountRows;
  #batch = makeBatch();
  #writing: Promise<void> = Promise.resolve();
  #rows = 0;
  #inserts = 0;

  private constructor(
    store: IngestStore,
    texts: TextSink | null,
    record: RecordSink | null,
    accounts: AccountRows,
  ) {
    this.#store = store;
    this.#texts = texts;
    this.#record = record;
    this.#accounts = accounts;
  }

  static async open(
    store: IngestStore,
    sketchKey: Uint8Array,
    texts: TextSink | null,
    record: RecordSink | null,
  ): Promise<BatchWriter> {
    return new BatchWriter(store, texts, record, await AccountRows.open(store, sketchKey));
  }

  /** Adds a result and where its source now stands. Waits while a full batch stands behind one being written. */
  async add(result: ChunkResult, source: SourceProgress, linesBefore: number): Promise<void> {
    const batch = this.#batch;
    if (result.block !== null) {
      batch.blocks.push(result.block);
      batch.bytes += result.block.length;
    }
    batch.rows += result.exchanges;
    if (result.observations !== null) {
      batch.observations.push(result.observations);
      batch.bytes += result.observations.length;
    }
    for (const seen of result.seenAccounts) batch.seen.set(seen.accountId, seen);
    batch.accounts.push(...result.accounts);
    batch.interventions.push(...result.interventions);
    for (const text of result.texts) {
      batch.texts.push(text);
      batch.bytes += text.prompt.length + (text.response?.length ?? 0);
    }
    if (result.rejected.length > 0) {
      const rows = batch.rejected.get(source.rejectedFile) ?? [];
      batch.rejected.set(source.rejectedFile, rows);
      for (const row of result.rejected) {
        rows.push({ ...row, lineNumber: linesBefore + row.line + 1 });
        batch.bytes += row.excerpt.length;
      }
    }
    this.note(source);
    if (batch.rows + batch.accounts.length >= BATCH_ROWS || batch.bytes >= BATCH_BYTES) await this.#turn();
  }

  /** Records where a source stands once everything before is stored. */
  note({ digest, offset, rows, rejected, finished }: SourceProgress): void {
    this.#batch.progress.set(digest, { offset, rows, rejected, finished });
  }

  /** Writes what is left and waits until it is durable. */
  async flush(): Promise<void> {
    await this.#turn();
    await this.#writing;
  }

  /** Whether this run inserted so much that the store should be compacted: `rows` rows, or over 20 inserts. */
  deservesCompaction(rows = COMPACT_ROWS): boolean {
    return this.#rows >= rows || this.#inserts > COMPACT_INSERTS;
  }

  async #turn(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    this.#batch = makeBatch();
    this.#writing = this.#write(batch);
    // The error is met by whoever waits next; until then it must not count as unhandled.
    this.#writing.catch(() => {});
  }

  async #write(batch: Batch): Promise<void> {
    if (this.#record !== null && batch.observations.length > 0) {
      await this.#record.append(batch.observations.flatMap(unpackObservations));
      await this.#record.publish();
    }
    if (batch.blocks.length > 0) {
      await this.#store.insertExchanges(concatBytes(batch.blocks));
      this.#rows += batch.rows;
      this.#inserts++;
    }
    const accounts = [
      ...batch.accounts.map((account) => this.#accounts.describe(account)),
      ...this.#accounts.describeNew(batch.seen.values()),
    ];
    if (accounts.length > 0) await this.#store.insertAccounts(accounts);
    if (batch.interventions.length > 0)
      await this.#store.insertInterventions(
        batch.interventions.map(({ accountId, ...rest }) => ({
          ...rest,
          account: this.#accounts.hash(accountId),
        })),
      );
    if (this.#texts !== null && batch.texts.length > 0) await this.#texts.appendTexts(batch.texts);
    for (const [file, rows] of batch.rejected) await file.append(rows);
    for (const [digest, progress] of batch.progress) await this.#store.writeProgress(digest, progress);
  }
}

function makeBatch(): Batch {
  return {
    blocks: [],
    observations: [],
    rows: 0,
    bytes: 0,
    seen: new Map(),
    accounts: [],
    interventions: [],
    texts: [],
    rejected: new Map(),
    progress: new Map(),
  };
}
