import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS, PhalanxError } from '@phalanx/core';
import type { DetectOptions } from '@phalanx/detect';
import type { IngestReport, IngestStatus } from '@phalanx/ingest';
import type { BenchmarkIndex } from '@phalanx/sketch';
import type { TelemetryStore, TelemetryStoreOptions } from '@phalanx/store';
import type { CliErrorCode } from './cli-error.js';
import { dateLog, readAuthority } from './dated-log.js';
import { showIngestStatus } from './ingest-progress.js';
import { openProgressBar } from './progress-bar.js';
import { openRetention, type RecordSession, readLedgerFile, withRecord } from './record-session.js';
import type { Config } from './setting.js';
import type { Terminal } from './terminal.js';

export interface IngestRequest {
  readonly files: readonly string[];
  readonly format?: string;
  /** Path of a mapping file. */
  readonly mapping?: string;
  /** File of account facts, read first. */
  readonly accounts?: string;
  readonly keepText: boolean;
  /** As `readBenchmarks` gives them. */
  readonly benchmarks: BenchmarkIndex;
  readonly signal?: AbortSignal;
}

/**
 * Opens the store that the configuration names, runs `work`, and closes it, whatever happens. The engine is loaded here
 * and nowhere else, so that help and configuration never wait for it.
 */
export async function withStore<T>(
  config: Config,
  dataDir: string,
  work: (store: TelemetryStore) => Promise<T>,
): Promise<T> {
  const { openTelemetryStore } = await import('@phalanx/store');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const store = await openTelemetryStore(chooseStore(config, dataDir));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/**
 * The known benchmarks that the configuration names, merged; none by default. Commands call it before they do anything
 * else, so that a wrong file is not found out after a simulation or in the middle of an ingestion.
 *
 * @throws PhalanxError `SKETCH_BENCHMARK_INDEX` for a file that is no index; the file system's own error.
 */
export async function readBenchmarks(config: Config): Promise<BenchmarkIndex> {
  const { readBenchmarkFiles } = await import('@phalanx/ingest');
  return readBenchmarkFiles(config['ingest.benchmarks']);
}

/**
 * Reads log files into an open store with a progress bar, then lets kept texts expire. A data directory with a log gets them
 * written there first.
 */
export async function runIngest(
  store: TelemetryStore,
  config: Config,
  dataDir: string,
  request: IngestRequest,
  terminal: Terminal,
): Promise<IngestReport> {
  const ledger = readLedgerFile(dataDir);
  if (ledger === null) return readFiles(store, config, dataDir, request, null, terminal);
  return withRecord(dataDir, ledger, config, terminal, (session) =>
    readFiles(store, config, dataDir, request, session, terminal),
  );
}

async function readFiles(
  store: TelemetryStore,
  config: Config,
  dataDir: string,
  request: IngestRequest,
  session: RecordSession | null,
  terminal: Terminal,
): Promise<IngestReport> {
  const [{ ingestFiles, readMappingFile }, { openSketchKey, openTextVault }] = await Promise.all([
    import('@phalanx/ingest'),
    import('@phalanx/store'),
  ]);
  const bar = openProgressBar(terminal);
  const vault = request.keepText ? await openTextVault(store, dataDir, session?.textKeys) : null;
  const options = {
    store,
    sketchKey: await openSketchKey(dataDir),
    ...(config['ingest.workers'] > 0 && { workers: config['ingest.workers'] }),
    ...(config['ingest.rejected_dir'] !== '' && { rejectedDir: config['ingest.rejected_dir'] }),
    ...(vault !== null && { texts: vault }),
    ...(session !== null && { record: session.telemetry }),
    benchmarks: request.benchmarks,
    ...(request.signal !== undefined && { signal: request.signal }),
    onProgress: (status: IngestStatus) => showIngestStatus(bar, status),
  };
  try {
    const reports: IngestReport[] = [];
    if (request.accounts !== undefined)
      reports.push(await ingestFiles([request.accounts], { ...options, format: 'phalanx-accounts' }));
    reports.push(
      await ingestFiles(request.files, {
        ...options,
        ...(request.format !== undefined && { format: request.format }),
        ...(request.mapping !== undefined && { mapping: readMappingFile(request.mapping) }),
      }),
    );
    const held = session === null ? [] : (await openRetention(session)).heldAccounts;
    await vault?.expireBefore(Date.now() - config['ingest.text_days'] * DAY_MS, new Set(held));
    if (session !== null) await stampLog(dataDir, session, config, terminal);
    return reports.reduce(addReports);
  } finally {
    bar.clear();
  }
}

/** What was ingested is safe whether or not somebody stamps it: a failure is told and no more. */
async function stampLog(
  dataDir: string,
  session: RecordSession,
  config: Config,
  terminal: Terminal,
): Promise<void> {
  try {
    const authority = await readAuthority(config);
    if (authority !== null) await dateLog(dataDir, session, authority);
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    terminal.talk(`the log was not stamped: ${error.message}\n`);
  }
}

/** Detection options as the configuration gives them. */
export function readDetectOptions(config: Config): Partial<DetectOptions> {
  return {
    alpha: config['detect.alpha'],
    minAccounts: config['detect.min_accounts'],
    dayMs: config['detect.day_hours'] * 3_600_000,
    sampleRows: config['detect.sample_rows'],
    families: { content: config['detect.content'], metadata: config['detect.metadata'] },
  };
}

/**
 * Where the configuration says that telemetry lies. Without a URL it is the data directory, whatever else is set.
 *
 * @throws PhalanxError `CLI_CONFIG` for replication by the store without a cluster: the store would take one server for
 *   all there is, and keep one copy where two were meant.
 */
export function chooseStore(config: Config, dataDir: string): TelemetryStoreOptions {
  const url = config['telemetry.url']
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (url.length === 0) return { path: join(dataDir, 'telemetry') };
  const username = config['telemetry.username'];
  const password = config['telemetry.password'];
  const database = config['telemetry.database'];
  const cluster = config['telemetry.cluster'];
  const replication = config['telemetry.replication'];
  if (replication === 'store' && cluster === '')
    throw new PhalanxError<CliErrorCode>(
      'CLI_CONFIG',
      'telemetry.replication = "store" needs telemetry.cluster',
      { advice: 'Name the cluster as remote_servers of the nodes does.' },
    );
  return {
    url,
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(database !== '' && { database }),
    ...(cluster !== '' && { cluster, replication }),
  };
}

function addReports(a: IngestReport, b: IngestReport): IngestReport {
  return {
    files: a.files + b.files,
    rows: a.rows + b.rows,
    exchanges: a.exchanges + b.exchanges,
    accounts: a.accounts + b.accounts,
    interventions: a.interventions + b.interventions,
    ignored: a.ignored + b.ignored,
    rejected: a.rejected + b.rejected,
    skippedLines: a.skippedLines + b.skippedLines,
    bytes: a.bytes + b.bytes,
    seconds: a.seconds + b.seconds,
    rejectedFiles: [...a.rejectedFiles, ...b.rejectedFiles],
    failures: [...a.failures, ...b.failures],
    interrupted: a.interrupted || b.interrupted,
  };
}
