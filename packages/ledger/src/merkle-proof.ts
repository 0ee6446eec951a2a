import { EMPTY_ROOT, HASH_BYTES, hashNode, isSameHash } from './merkle-hash.js';

/**
 * Whether `proof` shows that the leaf at `index` is in the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2).
 *
 * @param index 0 to size - 1
 * @param proof siblings from the leaf upwards, 32 bytes each
 * @returns false for any input that proves nothing, malformed ones too
 */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leafHash, root, ...proof]))
    return false;
  let node = index;
  let last = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = hashNode(sibling, hash);
      // A last node without a sibling stands for its parent as well.
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else hash = hashNode(hash, sibling);
    node = half(node);
    last = half(last);
  }
  return last === 0 && isSameHash(hash, root);
}

/**
 * Whether `proof` shows that the tree of `newSize` leaves continues the one of `oldSize` (RFC 9162 section 2.1.4.2). Every tree
 * continues the empty one, and itself; those proofs are empty.
 *
 * @returns false for any input that proves nothing, malformed ones too
 */
export function verifyConsistency(
  oldSize: number,
  newSize: number,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
): boolean {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false;
  if (!areHashes([oldRoot, newRoot, ...proof])) return false;
  if (oldSize === newSize) return proof.length === 0 && isSameHash(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && isSameHash(oldRoot, EMPTY_ROOT);
  let node = oldSize - 1;
  let last = newSize - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  // An old tree that is one whole subtree of the new one is its own first hash.
  const [first, ...rest] = node === 0 ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let oldHash = first;
  let newHash = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      oldHash = hashNode(sibling, oldHash);
      newHash = hashNode(sibling, newHash);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else newHash = hashNode(newHash, sibling);
    node = half(node);
    last = half(last);
  }
  return last === 0 && isSameHash(oldHash, oldRoot) && isSameHash(newHash, newRoot);
}

/** Sizes go up to 2^53 - 1, past what the shifts of 32 bits would carry. */
export function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

export function isOdd(n: number): boolean {
  return n % 2 === 1;
}

export function half(n: number): number {
  return Math.floor(n / 2);
}

export function areHashes(list: readonly Uint8Array[]): boolean {
  return list.every((hash) => hash.length === HASH_BYTES);
}
