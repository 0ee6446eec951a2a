import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { concatBytes } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { multiplyBatch, type PointBatch } from './point-batch.js';
import { POINT_BYTES } from './ristretto.js';

/** Compiled worker; the tests run from source, which a bare thread cannot load. */
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/matching/point-worker.js' : './point-worker.js',
  import.meta.url,
);
/** Fewer are done sooner than a thread starts. */
const LEAST_A_THREAD = 1_000;

/**
 * `multiplyBatch` on several threads. The scalar is copied into each of them.
 *
 * @param threads 1 works in this thread; default: one a processor
 * @throws PhalanxError `COALITION_MATCHING` (by rejection) for what is no point
 */
export async function multiplyInThreads(
  { scalar, from }: PointBatch,
  threads = availableParallelism(),
): Promise<Uint8Array> {
  const size = 'points' in from ? from.points.length / POINT_BYTES : from.messages.length;
  const used = Math.max(1, Math.min(threads, Math.floor(size / LEAST_A_THREAD)));
  if (used === 1) return multiplyBatch({ scalar, from });
  const parts = Array.from({ length: used }, (_, i) => {
    const [start, end] = [Math.floor((i * size) / used), Math.floor(((i + 1) * size) / used)];
    return 'points' in from
      ? { points: from.points.slice(start * POINT_BYTES, end * POINT_BYTES) }
      : { messages: from.messages.slice(start, end), dst: from.dst };
  });
  return concatBytes(await Promise.all(parts.map((part) => runThread({ scalar, from: part }))));
}

async function runThread(batch: PointBatch): Promise<Uint8Array> {
  const worker = new Worker(WORKER_URL, { execArgv: [] });
  try {
    const answer = await new Promise<Uint8Array | string>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread ended')));
      worker.postMessage(batch);
    });
    if (typeof answer !== 'string') return answer;
    return refuse('COALITION_MATCHING', answer, 'Refuse the message it came in.');
  } finally {
    await worker.terminate();
  }
}
