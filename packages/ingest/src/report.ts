/** How an ingestion went. rows = exchanges + accounts + interventions + ignored + rejected. */
export interface IngestReport {
  readonly files: number;
  /** Records read in this run: a span or list element counts as one. */
  readonly rows: number;
  readonly exchanges: number;
  readonly accounts: number;
  readonly interventions: number;
  /** Of the format, but nothing to keep: agent spans, batch requests, empty batches. */
  readonly ignored: number;
  readonly rejected: number;
  /** Lines that an earlier run had stored and this one did not read as rows again. */
  readonly skippedLines: number;
  /** Bytes read from disk or pipe. */
  readonly bytes: number;
  readonly seconds: number;
  /** Files of rejected rows that this run wrote to. */
  readonly rejectedFiles: readonly string[];
  /** Files that could not be read to their end; what came before the damage is stored. */
  readonly failures: readonly { readonly file: string; readonly code: string; readonly message: string }[];
  /** Whether the signal ended the run early; the same call goes on from here. */
  readonly interrupted: boolean;
}

/** How an ingestion is going. */
export interface IngestStatus {
  /** "compacting": everything is stored, and the store merges what a large import left in pieces. */
  readonly phase: 'reading' | 'compacting';
  /** '' when compacting. */
  readonly file: string;
  /** Number of the file, from 1. */
  readonly fileNumber: number;
  readonly files: number;
  readonly rows: number;
  readonly exchanges: number;
  readonly rejected: number;
  readonly bytes: number;
  /** Null when a source of unknown size (standard input) is among them. */
  readonly totalBytes: number | null;
  readonly exchangesPerSecond: number;
  readonly remainingSeconds: number | null;
}

/** The figures of a run while it goes on. */
export interface RunTally {
  rows: number;
  exchanges: number;
  accounts: number;
  interventions: number;
  ignored: number;
  rejected: number;
  skippedLines: number;
  bytes: number;
}

/** Calls back at most every `intervalMs`, and once more at the end. */
export class ProgressMeter {
  readonly #onProgress: ((status: IngestStatus) => void) | undefined;
  readonly #totalBytes: number | null;
  readonly #files: number;
  readonly #startedMs = performance.now();
  #lastMs = 0;

  constructor(
    files: number,
    totalBytes: number | null,
    onProgress: ((status: IngestStatus) => void) | undefined,
  ) {
    this.#files = files;
    this.#totalBytes = totalBytes;
    this.#onProgress = onProgress;
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  /** Reports unless it did so within the last 200 ms or `force`. */
  report(
    file: string,
    fileNumber: number,
    tally: Readonly<RunTally>,
    bytes: number,
    force = false,
    phase: IngestStatus['phase'] = 'reading',
  ): void {
    const now = performance.now();
    if (this.#onProgress === undefined || (!force && now - this.#lastMs < 200)) return;
    this.#lastMs = now;
    const seconds = Math.max(this.seconds, 1e-3);
    const total = this.#totalBytes;
    this.#onProgress({
      phase,
      file,
      fileNumber,
      files: this.#files,
      rows: tally.rows,
      exchanges: tally.exchanges,
      rejected: tally.rejected,
      bytes,
      totalBytes: total,
      exchangesPerSecond: tally.exchanges / seconds,
      remainingSeconds: total === null || bytes === 0 ? null : (Math.max(0, total - bytes) / bytes) * seconds,
    });
  }
}
