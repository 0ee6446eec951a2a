import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { PhalanxError } from '@phalanx/core';
import { refuse, type WeightsErrorCode } from '../weights-error.js';
import { type FileHashes, type HashPlan, openFileHashing } from './file-hashes.js';
import type { ModelFile } from './model-files.js';

/** What a thread answers about the file that it was given. */
export type ThreadAnswer =
  | { readonly hashes: FileHashes }
  | { readonly code: WeightsErrorCode | null; readonly message: string };

/** More threads than that wait for the disk. */
const MAX_THREADS = 4;
/** Below, starting threads costs more than they save: some 50 ms and 30 MB each. */
const MIN_BYTES = 256 * 1024 * 1024;
/** Compiled thread; the tests run from source, which a bare thread cannot load. */
const THREAD_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/signing/hashing-thread.js' : './hashing-thread.js',
  import.meta.url,
);

/**
 * Hashes all files of a model, several at once where they are large. One file is one thread's: a model in one file gains nothing.
 *
 * @param threads for tests; by default one a processor, four at most, and none for less than 256 MiB
 * @returns in the order of `files`
 * @throws PhalanxError as `digestFile`; `WEIGHTS_SOURCE` when a thread dies
 */
export async function hashFiles(
  files: readonly ModelFile[],
  plan: HashPlan,
  onFile: ((file: ModelFile) => void) | undefined = undefined,
  threads: number = countThreads(files),
): Promise<readonly FileHashes[]> {
  const results: FileHashes[] = Array(files.length);
  // The largest first, so that no thread is left with it at the end.
  const order = files.map((_, i) => i).sort((a, b) => files[b]!.sizeBytes - files[a]!.sizeBytes);
  let next = 0;
  const work = async (hash: (location: string) => Promise<FileHashes>) => {
    for (let at = next++; at < order.length; at = next++) {
      const index = order[at]!;
      results[index] = await hash(files[index]!.location);
      onFile?.(files[index]!);
    }
  };
  if (threads < 2) {
    await work(await openFileHashing(plan));
    return results;
  }
  const pool = Array.from({ length: Math.min(threads, files.length) }, () => new HashingThread(plan));
  try {
    await Promise.all(pool.map((thread) => work((location) => thread.hash(location))));
  } finally {
    await Promise.all(pool.map((thread) => thread.close()));
  }
  return results;
}

function countThreads(files: readonly ModelFile[]): number {
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return bytes < MIN_BYTES ? 1 : Math.min(MAX_THREADS, availableParallelism(), files.length);
}

/** One thread, one file at a time. */
class HashingThread {
  readonly #worker: Worker;
  #settle: ((answer: ThreadAnswer) => void) | null = null;
  #death: string | null = null;

  constructor(plan: HashPlan) {
    this.#worker = new Worker(THREAD_URL, { workerData: plan, execArgv: [] });
    this.#worker.on('message', (answer: ThreadAnswer) => this.#settle?.(answer));
    this.#worker.on('error', (error) => this.#die(error.message));
    this.#worker.on('exit', () => this.#die('it ended'));
  }

  async hash(location: string): Promise<FileHashes> {
    const answer = await new Promise<ThreadAnswer>((resolve) => {
      this.#settle = resolve;
      if (this.#death !== null) this.#die(this.#death);
      else this.#worker.postMessage(location);
    });
    if ('hashes' in answer) return answer.hashes;
    if (answer.code !== null) throw new PhalanxError<WeightsErrorCode>(answer.code, answer.message);
    return refuse('WEIGHTS_SOURCE', `a thread that hashes failed: ${answer.message}`);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #die(message: string): void {
    this.#death = message;
    this.#settle?.({ code: null, message });
  }
}
