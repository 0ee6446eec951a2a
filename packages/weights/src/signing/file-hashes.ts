import { concatBytes } from '@phalanx/core';
import { CHUNK_PLAN } from './chunk-hashes.js';
import { type ContentHash, openContentHash } from './content-hash.js';
import { digestFile } from './file-digests.js';

/** What is hashed of every file of a model. */
export interface HashPlan {
  readonly hash: ContentHash;
  /** See `DigestPlan`. */
  readonly rangeBytes: number | null;
  /** Also the chunks, see `ChunkedFile`. */
  readonly withChunks: boolean;
}

/** The hashes of one file. */
export interface FileHashes {
  readonly sizeBytes: number;
  /** In the order of the ranges. */
  readonly digests: readonly Uint8Array[];
  /** 32 bytes a chunk; null when they were not asked for. */
  readonly chunks: Uint8Array | null;
}

/**
 * Hashes files one after another, in 8 MiB of memory. The next may begin when the one before has ended.
 *
 * @throws PhalanxError (on use) as `digestFile`
 */
export async function openFileHashing({
  hash,
  rangeBytes,
  withChunks,
}: HashPlan): Promise<(location: string) => Promise<FileHashes>> {
  const plan = { open: await openContentHash(hash), rangeBytes };
  return async (location) => {
    const { sizeBytes, digests } = await digestFile(location, withChunks ? [plan, CHUNK_PLAN] : [plan]);
    return { sizeBytes, digests: digests[0]!, chunks: withChunks ? concatBytes(digests[1]!) : null };
  };
}
