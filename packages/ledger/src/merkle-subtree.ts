import { EMPTY_ROOT, hashNode, isSameHash } from './merkle-hash.js';
import { areHashes, half, isCount, isOdd, verifyInclusion } from './merkle-proof.js';

/**
 * Whether leaves `start` to `end - 1` are a subtree that proofs can be about (C2SP tlog-cosignature, subtrees; draft-ietf-plants-merkle-tree-certs
 * section 4.1): `start` is a multiple of the smallest power of two that is no smaller than its size.
 */
export function isSubtree(start: number, end: number): boolean {
  if (!isCount(start) || !isCount(end) || start >= end) return false;
  let span = 1;
  while (span < end - start) span *= 2;
  return start % span === 0;
}

/**
 * Whether `proof` shows that the leaf at `index` is in the subtree of leaves `start` to `end - 1` with this root.
 *
 * @returns false for any input that proves nothing, malformed ones too
 */
export function verifySubtreeInclusion(
  leafHash: Uint8Array,
  index: number,
  start: number,
  end: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  return (
    isSubtree(start, end) &&
    index >= start &&
    verifyInclusion(leafHash, index - start, end - start, proof, root)
  );
}

/**
 * Whether `proof` shows that the subtree of leaves `start` to `end - 1` with root `subtreeRoot` is part of the tree of `size` leaves (the draft's
 * section 4.4.3). The empty subtree is part of a tree wherever it lies, and its proof is empty.
 *
 * @returns false for any input that proves nothing, malformed ones too
 */
export function verifySubtreeConsistency(
  start: number,
  end: number,
  size: number,
  proof: readonly Uint8Array[],
  subtreeRoot: Uint8Array,
  root: Uint8Array,
): boolean {
  if (!isCount(size) || !areHashes([subtreeRoot, root, ...proof])) return false;
  if (isCount(start) && start === end && end <= size)
    return proof.length === 0 && isSameHash(subtreeRoot, EMPTY_ROOT);
  if (!isSubtree(start, end) || end > size) return false;
  let first = start;
  let node = end - 1;
  let last = size - 1;
  const rise = (): void => {
    first = half(first);
    node = half(node);
    last = half(last);
  };
  // The largest whole subtree at the right edge of this one, or all of it.
  if (node === last) while (first !== node) rise();
  else while (first !== node && isOdd(node)) rise();
  const [begin, ...rest] = first === node ? [subtreeRoot, ...proof] : proof;
  if (begin === undefined) return false;
  let subtreeHash = begin;
  let hash = begin;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      if (first < node) subtreeHash = hashNode(sibling, subtreeHash);
      hash = hashNode(sibling, hash);
      while (!isOdd(node) && node !== 0) rise();
    } else hash = hashNode(hash, sibling);
    rise();
  }
  return last === 0 && isSameHash(subtreeHash, subtreeRoot) && isSameHash(hash, root);
}
