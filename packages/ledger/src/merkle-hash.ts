import { createHash } from 'node:crypto';

/** Bytes of every hash in the tree. */
export const HASH_BYTES = 32;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1). */
export const EMPTY_ROOT: Uint8Array = new Uint8Array(createHash('sha256').digest());

/** Hash of an entry as a leaf (RFC 6962 section 2.1). */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(LEAF).update(entry).digest());
}

/** Hash of an inner node over its two children, 32 bytes each (RFC 6962 section 2.1). */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(NODE).update(left).update(right).digest());
}

/** Whether two hashes are the same. Nothing secret is compared here, so time may differ. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
