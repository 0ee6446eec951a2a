import { Worker } from 'node:worker_threads';
import { PhalanxError } from '@phalanx/core';
import type { ChunkResult } from './chunk-result.js';
import type { Chunk } from './containers/chunk.js';
import type { ParquetSlice } from './containers/parquet.js';
import type { IngestErrorCode } from './error.js';
import type { SourceDescription, WorkerAnswer, WorkerSetup } from './worker-protocol.js';

/** Compiled worker; the tests run from source, which a bare thread cannot load. */
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../dist/chunk-worker.js' : './chunk-worker.js',
  import.meta.url,
);

interface Waiting {
  readonly worker: number;
  resolve(result: ChunkResult): void;
  reject(error: Error): void;
}

/** Threads that read chunks. */
export class WorkerPool {
  readonly #workers: Worker[];
  readonly #load: number[];
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #failure: PhalanxError<IngestErrorCode> | null = null;

  constructor(count: number, setup: WorkerSetup) {
    this.#load = Array(count).fill(0);
    this.#workers = this.#load.map((_, index) => {
      const worker = new Worker(WORKER_URL, { workerData: setup, execArgv: [] });
      worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
      worker.on('error', (cause) => this.#fail(index, cause));
      worker.on('exit', () => this.#fail(index, new Error('the thread ended')));
      return worker;
    });
  }

  /** Jobs that were given and not answered. */
  get pending(): number {
    return this.#waiting.size;
  }

  /**
   * Gives a chunk to the least loaded thread. The chunk's buffer is transferred and no longer usable here.
   *
   * @throws PhalanxError `INGEST_CONTAINER` or `INGEST_LIMIT` (by rejection) when the container cannot be decoded,
   *   `INGEST_WORKER` when the thread died.
   */
  run(source: SourceDescription, chunk: Chunk | ParquetSlice): Promise<ChunkResult> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const worker = this.#load.indexOf(Math.min(...this.#load));
    const id = this.#nextId++;
    this.#load[worker]!++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { worker, resolve, reject });
      this.#workers[worker]!.postMessage(
        { id, source, chunk },
        chunk.kind === 'bytes' ? [chunk.bytes.buffer] : [],
      );
    });
  }

  async close(): Promise<void> {
    this.#failure ??= new PhalanxError<IngestErrorCode>('INGEST_WORKER', 'the worker pool is closed');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #settle({ id, result, failure }: WorkerAnswer): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.#load[waiting.worker]!--;
    if (result !== null) waiting.resolve(result);
    else waiting.reject(new PhalanxError(failure!.code, failure!.message));
  }

  #fail(worker: number, cause: unknown): void {
    this.#failure ??= new PhalanxError<IngestErrorCode>(
      'INGEST_WORKER',
      `a worker thread died: ${(cause as Error).message}`,
      { cause, advice: 'Run the same command again: it goes on where the last durable batch ended.' },
    );
    for (const [id, waiting] of this.#waiting)
      if (waiting.worker === worker) {
        this.#waiting.delete(id);
        waiting.reject(this.#failure);
      }
  }
}
