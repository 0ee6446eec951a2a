import { createHash } from 'node:crypto';

/** The hashes of OpenSSF Model Signing, by its names. */
export const CONTENT_HASHES = ['sha256', 'blake2b', 'blake3'] as const;
export type ContentHash = (typeof CONTENT_HASHES)[number];

/** Bytes of a digest. `blake2b` is the longest of its family, as Python's `hashlib.blake2b()`. */
export const DIGEST_BYTES: Readonly<Record<ContentHash, number>> = { sha256: 32, blake2b: 64, blake3: 32 };

/** A hash under way. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** The digest; nothing may follow. */
  finish(): Uint8Array;
}

/**
 * Makes running hashes of one kind, for one at a time: the next begins when the last one is finished. SHA-256 and BLAKE2b are OpenSSL's,
 * BLAKE3 is WebAssembly and slower than either (`npm run bench -- weight-signing`).
 */
export async function openContentHash(hash: ContentHash): Promise<() => RunningHash> {
  if (hash !== 'blake3') return () => runNodeHash(hash === 'sha256' ? 'sha256' : 'blake2b512');
  const { createBLAKE3 } = await import('hash-wasm');
  const running = await createBLAKE3();
  return () => {
    running.init();
    return {
      update: (bytes) => void running.update(bytes),
      finish: () => running.digest('binary'),
    };
  };
}

function runNodeHash(name: string): RunningHash {
  const running = createHash(name);
  return {
    update: (bytes) => void running.update(bytes),
    finish: () => new Uint8Array(running.digest()),
  };
}
