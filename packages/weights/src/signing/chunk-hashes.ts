import { createHash } from 'node:crypto';
import { HASH_BYTES, TreeFrontier } from '@phalanx/ledger';
import type { DigestPlan } from './file-digests.js';

/** Bytes of a chunk; the last of a file is shorter. */
export const CHUNK_BYTES = 1024 * 1024;

/** A file with the hashes of its chunks. */
export interface ChunkedFile {
  /** Path in the model. */
  readonly path: string;
  readonly sizeBytes: number;
  /** 32 bytes a chunk, one after another. */
  readonly hashes: Uint8Array;
}

const LEAF = Uint8Array.of(0);

/** Hashes chunks as leaves of a tree (RFC 6962 section 2.1): SHA-256 of a zero byte and the chunk. */
export const CHUNK_PLAN: DigestPlan = {
  rangeBytes: CHUNK_BYTES,
  open: () => {
    const running = createHash('sha256').update(LEAF);
    return {
      update: (bytes) => void running.update(bytes),
      finish: () => new Uint8Array(running.digest()),
    };
  },
};

/** Hash of one chunk. */
export function hashChunk(chunk: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(LEAF).update(chunk).digest());
}

/** Chunks of a file of so many bytes. */
export function countChunks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / CHUNK_BYTES);
}

/** Root of the tree over chunks (RFC 6962 section 2.1); of none, SHA-256 of nothing. */
export function rootOfChunks(hashes: Uint8Array): Uint8Array {
  const frontier = new TreeFrontier();
  for (let at = 0; at < hashes.length; at += HASH_BYTES) frontier.append(hashes.slice(at, at + HASH_BYTES));
  return frontier.root();
}
