import * as crypto from 'node:crypto';

/** Bytes of every hash in the tree. */
export const HASH_BYTES = 32;

const LEAF = 0;
const NODE = 1;
/** Room for a prefix and an entry of usual length, so that hashing it allocates nothing. */
const leafScratch = Buffer.alloc(4096);
const nodeScratch = Buffer.alloc(1 + 2 * HASH_BYTES);
const digestScratch = Buffer.alloc(HASH_BYTES);

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/** Hash of an entry as a leaf (RFC 6962 section 2.1). */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  const length = 1 + entry.length;
  const prefixed = length <= leafScratch.length ? leafScratch.subarray(0, length) : Buffer.alloc(length);
  prefixed[0] = LEAF;
  prefixed.set(entry, 1);
  return sha256(prefixed);
}

/** Hash of an inner node over its two children, 32 bytes each (RFC 6962 section 2.1). */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeScratch[0] = NODE;
  nodeScratch.set(left, 1);
  nodeScratch.set(right, 1 + HASH_BYTES);
  return sha256(nodeScratch);
}

/** One call that answers with a string is several times faster than `createHash`; Node has it since 20.12. */
function sha256(bytes: Uint8Array): Uint8Array {
  if (crypto.hash === undefined) return new Uint8Array(crypto.createHash('sha256').update(bytes).digest());
  digestScratch.write(crypto.hash('sha256', bytes, 'binary'), 'latin1');
  return new Uint8Array(digestScratch);
}

/** Whether two hashes are the same. Nothing secret is compared here, so time may differ. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
