import { PhalanxError } from '@phalanx/core';
import type {
  AccountActivity,
  AccountFacts,
  Arrivals,
  ExchangeSample,
  InterventionRecord,
  KeyedCounts,
  ObjectKind,
  ReceivedResponses,
  ResponseCounts,
  ResponseReader,
  ResponseSketches,
  SampleQuery,
  TelemetryReader,
  TimeWindow,
} from '@phalanx/domain';
import type { StoreErrorCode } from '../errors.js';
import { Answer, joinKeyedCounts } from './answer.js';
import { EXCHANGE_COLUMN_NAMES } from './exchange-columns.js';
import type { NativeColumn } from './native.js';
import * as queries from './reader-queries.js';
import * as responses from './response-queries.js';
import { quoteText, TABLES, type TableSource } from './schema.js';
import { insertColumns, type TableAccess } from './table-access.js';
import type { AccountRow, FindingRow, IngestProgress } from './telemetry-rows.js';

/**
 * The telemetry store: exchanges in, aggregates out.
 *
 * Writing is idempotent: the same exchange, account, progress or finding written again replaces itself, and no reader
 * counts it twice, not even before the engine has merged. So after any failure the caller writes the same again.
 */
export class TelemetryStore implements TelemetryReader, ResponseReader {
  readonly #tables: TableAccess;
  readonly #release: () => Promise<void>;
  #version: bigint;
  #closed = false;

  /** Internal: use `openTelemetryStore`. `version` is at least every row version in the tables. */
  constructor(tables: TableAccess, version: bigint, release: () => Promise<void>) {
    this.#tables = tables;
    this.#version = version;
    this.#release = release;
  }

  /**
   * Inserts one or more Native blocks of `ExchangeBlock.encode`, end to end. When it resolves, the rows are on disk
   * (synced) and readable. Rows spread over many days cost a part and two syncs a day: 50,000 rows an insert or more.
   *
   * @throws PhalanxError `STORE_QUERY` for bytes that are no such block; `STORE_UNAVAILABLE` (retryable).
   */
  async insertExchanges(block: Uint8Array): Promise<void> {
    if (block.byteLength > 0) await this.#use().insert(TABLES.exchanges, EXCHANGE_COLUMN_NAMES, block);
  }

  /** Writes accounts; a later row for the same account replaces the earlier one as a whole. */
  async insertAccounts(rows: readonly AccountRow[]): Promise<void> {
    await this.#insertVersioned(TABLES.accounts, rows.length, [
      uint64('account', rows, (row) => row.account),
      text('account_id', rows, (row) => row.accountId),
      uint64('organisation', rows, (row) => row.organisation),
      int64('created_at_ms', rows, (row) => row.createdAtMs),
      uint64('payment', rows, (row) => row.payment),
      uint64('signup_network', rows, (row) => row.signupNetwork),
      uint64('signup_device', rows, (row) => row.signupDevice),
      text('email_domain', rows, (row) => row.emailDomain),
      text('programme', rows, (row) => row.programme),
      text('declaration', rows, (row) => row.declaration),
    ]);
  }

  /** Writes interventions; the same id again replaces. */
  async insertInterventions(rows: readonly InterventionRecord[]): Promise<void> {
    await this.#insertVersioned(TABLES.interventions, rows.length, [
      text('id', rows, (row) => row.id),
      uint64('account', rows, (row) => row.account),
      text('kind', rows, (row) => row.kind),
      text('arm', rows, (row) => row.arm),
      int64('from_ms', rows, (row) => row.fromMs),
      int64('to_ms', rows, (row) => row.toMs),
    ]);
  }

  /** How far the source of this digest has been read; null when never. */
  async readProgress(sourceDigest: string): Promise<IngestProgress | null> {
    const found = await this.#read(
      (relation) =>
        `SELECT toFloat64(offset) AS at, toFloat64(rows) AS done, toFloat64(rejected) AS refused, finished
        FROM ${relation(TABLES.ingestProgress)} FINAL WHERE source_digest = ${quoteText(sourceDigest)}`,
    );
    if (found.rows === 0) return null;
    return {
      offset: found.float64('at')[0]!,
      rows: found.float64('done')[0]!,
      rejected: found.float64('refused')[0]!,
      finished: found.bytes('finished')[0] === 1,
    };
  }

  /** Records how far a source has been read. Call it after the `insertExchanges` that it speaks of has resolved. */
  async writeProgress(sourceDigest: string, progress: IngestProgress): Promise<void> {
    await this.#insertVersioned(TABLES.ingestProgress, 1, [
      text('source_digest', [progress], () => sourceDigest),
      uint64('offset', [progress], (row) => BigInt(row.offset)),
      uint64('rows', [progress], (row) => BigInt(row.rows)),
      uint64('rejected', [progress], (row) => BigInt(row.rejected)),
      { name: 'finished', type: 'UInt8', values: Uint8Array.of(progress.finished ? 1 : 0) },
    ]);
  }

  /** Keeps a finding; the same id again replaces. */
  async putFinding(finding: FindingRow): Promise<void> {
    await this.#insertVersioned(TABLES.findings, 1, [
      text('id', [finding], (row) => row.id),
      int64('at', [finding], (row) => row.atMs),
      text('json', [finding], (row) => row.json),
    ]);
  }

  /** All findings, newest first; at most `limit` (default 1000). */
  async listFindings(limit = 1000): Promise<readonly FindingRow[]> {
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new PhalanxError<StoreErrorCode>('STORE_ARGUMENT', 'limit is not an integer of at least 0');
    const found = await this.#read(
      (relation) =>
        `SELECT id, toFloat64(at) AS found, json FROM ${relation(TABLES.findings)} FINAL
        ORDER BY found DESC, id LIMIT ${limit}`,
    );
    return found.strings('id').map((id, row) => ({
      id,
      atMs: found.float64('found')[row]!,
      json: found.strings('json')[row]!,
    }));
  }

  /** The finding that is kept under this id; null when none is. */
  async readFinding(id: string): Promise<FindingRow | null> {
    const found = await this.#read(
      (relation) =>
        `SELECT toFloat64(at) AS found, json FROM ${relation(TABLES.findings)} FINAL WHERE id = ${quoteText(id)}`,
    );
    if (found.rows === 0) return null;
    return { id, atMs: found.float64('found')[0]!, json: found.strings('json')[0]! };
  }

  /** Merges what is unmerged, so that reads need not. Worth its seconds after a large import. */
  async compact(): Promise<void> {
    await this.#use().maintain(
      TABLES.exchanges,
      (target) => `OPTIMIZE TABLE ${target} FINAL SETTINGS optimize_skip_merged_partitions = 1`,
    );
  }

  /** Refills copies that missed inserts while they were down; see `CopiedTables`. Returns the partitions copied. */
  async repairCopies(): Promise<number> {
    return (await this.#use().repair?.()) ?? 0;
  }

  async span(): Promise<TimeWindow | null> {
    const found = await this.#readExchanges(queries.span);
    if (found.uint64('n')[0] === 0n) return null;
    return { fromMs: found.float64('first')[0]!, toMs: found.float64('last')[0]! + 1 };
  }

  async countExchanges(window: TimeWindow): Promise<number> {
    const found = await this.#readExchanges((from) => queries.countExchanges(from, window));
    return Number(found.uint64('n')[0]);
  }

  async accountFacts(): Promise<AccountFacts> {
    const found = await this.#read(
      (relation) =>
        `SELECT account, account_id, organisation, toFloat64(created_at_ms) AS created, payment, signup_network,
        signup_device, email_domain, programme, declaration
        FROM ${relation(TABLES.accounts)} FINAL ORDER BY account`,
    );
    return {
      account: found.uint64('account'),
      accountId: found.strings('account_id'),
      organisation: found.uint64('organisation'),
      createdAtMs: found.float64('created'),
      payment: found.uint64('payment'),
      signupNetwork: found.uint64('signup_network'),
      signupDevice: found.uint64('signup_device'),
      emailDomain: found.strings('email_domain'),
      programme: found.strings('programme'),
      declaration: found.strings('declaration'),
    };
  }

  async accountActivity(window: TimeWindow): Promise<AccountActivity> {
    const found = await this.#readExchanges((from) => queries.accountActivity(from, window));
    return {
      account: found.uint64('account'),
      exchanges: found.uint32('exchanges'),
      firstMs: found.float64('first_ms'),
      lastMs: found.float64('last_ms'),
      outputTokens: found.float64('output_tokens'),
      distinctFingerprints: found.uint32('fingerprints'),
      contradictions: found.uint32('contradictions'),
      distinctEndUsers: found.uint32('end_users'),
    };
  }

  async shapeCounts(window: TimeWindow): Promise<KeyedCounts> {
    return joinKeyedCounts([await this.#readExchanges((from) => queries.shapeCounts(from, window))]);
  }

  async timeCounts(window: TimeWindow, binMs: number): Promise<KeyedCounts> {
    return joinKeyedCounts([await this.#readExchanges((from) => queries.timeCounts(from, window, binMs))]);
  }

  async intentCounts(window: TimeWindow): Promise<KeyedCounts> {
    return joinKeyedCounts([await this.#readExchanges((from) => queries.intentCounts(from, window))]);
  }

  async sharedObjects(
    window: TimeWindow,
    kind: ObjectKind,
    bounds: { readonly minAccounts: number; readonly maxAccounts: number },
  ): Promise<KeyedCounts> {
    const answers: Answer[] = [];
    for (const build of queries.sharedObjects(window, kind, bounds))
      answers.push(await this.#readExchanges(build));
    return joinKeyedCounts(answers);
  }

  /** Exchanges by account that carry one of these values; 0 is carried by none. */
  async objectHits(
    window: TimeWindow,
    kind: Exclude<ObjectKind, 'template'>,
    keys: BigUint64Array,
  ): Promise<KeyedCounts> {
    const real = keys.filter((key) => key !== 0n);
    const answers: Answer[] = [];
    for (let at = 0; at < real.length; at += queries.MAX_OBJECT_KEYS) {
      const some = real.subarray(at, at + queries.MAX_OBJECT_KEYS);
      answers.push(await this.#readExchanges((from) => queries.objectHits(from, window, kind, some)));
    }
    return joinKeyedCounts(answers);
  }

  async sampleExchanges(query: SampleQuery): Promise<ExchangeSample> {
    const found = await this.#readExchanges((from) => queries.sampleExchanges(from, query));
    return {
      account: found.uint64('account'),
      atMs: found.float64('at_ms'),
      lot: found.uint32('lot'),
      shape: found.uint32('shape'),
      intents: found.uint32('intents'),
      promptHash: found.uint64('prompt_hash'),
      topics: found.bytes('topics'),
      ok: found.bytes('ok'),
      systemHash: found.uint64('system_hash'),
      fingerprint: found.uint64('fingerprint'),
      parameters: found.uint64('parameters'),
      network: found.uint64('network'),
      outputTokens: found.uint32('output_tokens'),
      model: found.uint64('model_hash'),
      ...(query.minhash && { minhash: found.bytes('minhash') }),
    };
  }

  async arrivals(window: TimeWindow, accounts?: BigUint64Array): Promise<Arrivals> {
    const found = await this.#readExchanges((from) => queries.arrivals(from, window, accounts));
    return { account: found.uint64('account'), atMs: found.float64('at_ms') };
  }

  async interventions(): Promise<readonly InterventionRecord[]> {
    const found = await this.#read(
      (relation) =>
        `SELECT id, account, kind, arm, toFloat64(from_ms) AS started, toFloat64(to_ms) AS ended
        FROM ${relation(TABLES.interventions)} FINAL ORDER BY started, id`,
    );
    return found.strings('id').map((id, row) => ({
      id,
      account: found.uint64('account')[row]!,
      kind: found.strings('kind')[row] as InterventionRecord['kind'],
      arm: found.strings('arm')[row] as InterventionRecord['arm'],
      fromMs: found.float64('started')[row]!,
      toMs: found.float64('ended')[row]!,
    }));
  }

  async responseCounts(window: TimeWindow, minBytes: number): Promise<ResponseCounts> {
    const found = await this.#readExchanges((from) => responses.responseCounts(from, window, minBytes));
    return { account: found.uint64('account'), count: found.uint32('count') };
  }

  /** The next stretch is read while the caller works on this one. */
  async *responseSketches(window: TimeWindow): AsyncGenerator<ResponseSketches> {
    const density = await this.#readExchanges((from) => responses.responseDensity(from, window));
    const [day, top, rows] = [density.uint32('day'), density.uint32('top'), density.float64('n')];
    const cells = Array.from(rows, (n, i) => ({ day: day[i]!, top: top[i]!, rows: n }));
    const slices = responses.planSlices(cells);
    const read = (at: number) =>
      at < slices.length
        ? this.#readExchanges((from) => responses.responseSketches(from, window, slices[at]!))
        : null;
    let next = read(0);
    for (let at = 0; next !== null; at++) {
      const found = await next;
      next = read(at + 1);
      // Nobody waits for it yet; whoever does later sees the error.
      next?.catch(() => undefined);
      if (found.rows > 0) yield takeSketches(found);
    }
  }

  async sampleResponses(window: TimeWindow, share: number, minBytes: number): Promise<ResponseSketches> {
    return takeSketches(
      await this.#readExchanges((from) => responses.sampleResponses(from, window, share, minBytes)),
    );
  }

  async findResponses(hashes: BigUint64Array, most: number): Promise<ReceivedResponses> {
    const found = await this.#readExchanges((from) => responses.findResponses(from, hashes, most));
    return {
      hash: found.uint64('response_hash'),
      account: found.uint64('account'),
      atMs: found.float64('at_ms'),
      bytes: found.uint32('response_bytes'),
      id: found.bytes('id'),
    };
  }

  /** Internal, for the other parts of this package: the tables themselves. */
  get tables(): TableAccess {
    return this.#use();
  }

  /** Waits for running statements and gives the directory or the sockets back. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#tables.close();
    await this.#release();
  }

  #use(): TableAccess {
    if (this.#closed) throw new PhalanxError<StoreErrorCode>('STORE_CLOSED', 'the telemetry store is closed');
    return this.#tables;
  }

  async #read(build: (relation: (table: TableSource) => string) => string): Promise<Answer> {
    return new Answer(await this.#use().read(build));
  }

  #readExchanges(build: (from: string) => string): Promise<Answer> {
    return this.#read((relation) => build(relation(TABLES.exchanges)));
  }

  /** Rows of one call carry one version, later calls a higher one, whatever the clock does. */
  async #insertVersioned(table: TableSource, rows: number, columns: readonly NativeColumn[]): Promise<void> {
    const now = BigInt(Date.now()) * 1000n;
    this.#version = now > this.#version ? now : this.#version + 1n;
    const version = new BigUint64Array(rows).fill(this.#version);
    await insertColumns(this.#use(), table, [
      ...columns,
      { name: 'version', type: 'UInt64', values: version },
    ]);
  }
}

function takeSketches(found: Answer): ResponseSketches {
  return { hash: found.uint64('response_hash'), minhash: found.bytes('response_minhash') };
}

function uint64<T>(name: string, rows: readonly T[], of: (row: T) => bigint | undefined): NativeColumn {
  return { name, type: 'UInt64', values: BigUint64Array.from(rows, (row) => of(row) ?? 0n) };
}

function int64<T>(name: string, rows: readonly T[], of: (row: T) => number | undefined): NativeColumn {
  return { name, type: 'Int64', values: BigInt64Array.from(rows, (row) => BigInt(Math.round(of(row) ?? 0))) };
}

function text<T>(name: string, rows: readonly T[], of: (row: T) => string | undefined): NativeColumn {
  return { name, type: 'String', values: rows.map((row) => of(row) ?? '') };
}
