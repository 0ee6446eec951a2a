import { type FileHandle, open } from 'node:fs/promises';
import { refuse } from '../weights-error.js';
import type { RunningHash } from './content-hash.js';

/** Read at once; two of them are in memory, one read while the other is hashed. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** What one pass over a file is to compute. */
export interface DigestPlan {
  readonly open: () => RunningHash;
  /** Bytes of each range that gets a digest of its own, the last one shorter; null: the file has one. */
  readonly rangeBytes: number | null;
}

/**
 * Digests of a file by several plans in one pass, in 8 MiB of memory. A plan with ranges has none for an empty file.
 *
 * @returns for each plan its digests, in the order of the ranges
 * @throws PhalanxError `WEIGHTS_SOURCE`, also when the file changed its size or time while it was read
 */
export async function digestFile(
  location: string,
  plans: readonly DigestPlan[],
): Promise<{ readonly sizeBytes: number; readonly digests: readonly (readonly Uint8Array[])[] }> {
  let handle: FileHandle;
  try {
    handle = await open(location, 'r');
  } catch (cause) {
    return refuse('WEIGHTS_SOURCE', `cannot open ${location}`, cause);
  }
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) refuse('WEIGHTS_SOURCE', `${location} is no regular file`);
    const sizeBytes = Number(before.size);
    const runs = plans.map((plan) => new RangeDigests(plan));
    for await (const piece of readPieces(handle, sizeBytes, location)) for (const run of runs) run.add(piece);
    const after = await handle.stat({ bigint: true });
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs)
      refuse('WEIGHTS_SOURCE', `${location} changed while it was read`);
    return { sizeBytes, digests: runs.map((run) => run.finish()) };
  } finally {
    await handle.close();
  }
}

/** A file from front to back; a piece is good until the one after the next is asked for. */
async function* readPieces(handle: FileHandle, sizeBytes: number, name: string): AsyncGenerator<Uint8Array> {
  const room = Math.min(PIECE_BYTES, sizeBytes);
  let [current, other] = [Buffer.allocUnsafe(room), Buffer.allocUnsafe(room)] as const;
  const fill = async (piece: Buffer, offset: number): Promise<number> => {
    const wanted = Math.min(piece.length, sizeBytes - offset);
    for (let done = 0; done < wanted; ) {
      const { bytesRead } = await handle.read(piece, done, wanted - done, offset + done);
      if (bytesRead === 0) refuse('WEIGHTS_SOURCE', `${name} became shorter while it was read`);
      done += bytesRead;
    }
    return wanted;
  };
  let offset = 0;
  let length = await fill(current, offset);
  while (length > 0) {
    offset += length;
    const ahead = fill(other, offset);
    // Whoever stops here leaves a read behind that must not end the process.
    ahead.catch(() => undefined);
    yield current.subarray(0, length);
    length = await ahead;
    [current, other] = [other, current];
  }
}

/** Digests of the ranges of one plan. */
class RangeDigests {
  readonly #plan: DigestPlan;
  readonly #digests: Uint8Array[] = [];
  #running: RunningHash | null;
  #left: number;

  constructor(plan: DigestPlan) {
    this.#plan = plan;
    this.#left = plan.rangeBytes ?? Number.POSITIVE_INFINITY;
    this.#running = plan.rangeBytes === null ? plan.open() : null;
  }

  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      this.#running ??= this.#plan.open();
      const part = piece.subarray(at, at + Math.min(this.#left, piece.length - at));
      this.#running.update(part);
      at += part.length;
      this.#left -= part.length;
      if (this.#left === 0) this.#close(this.#running);
    }
  }

  finish(): readonly Uint8Array[] {
    if (this.#running !== null) this.#close(this.#running);
    return this.#digests;
  }

  #close(running: RunningHash): void {
    this.#digests.push(running.finish());
    this.#running = null;
    this.#left = this.#plan.rangeBytes ?? Number.POSITIVE_INFINITY;
  }
}
