import { EMPTY_ROOT, hashNode } from './merkle-hash.js';

/**
 * Hash of a whole subtree: the one over leaves `index * 2^level` to `(index + 1) * 2^level - 1`. Level 0 is the leaves' own
 * hashes. Asked only for subtrees that lie wholly in the tree.
 */
export type HashReader = (level: number, index: number) => Uint8Array | Promise<Uint8Array>;

/** Root of the first `size` leaves (RFC 6962 section 2.1). */
export function readRoot(size: number, read: HashReader): Promise<Uint8Array> {
  return readRange(0, size, read);
}

/**
 * Proof that the leaf at `index` is in the tree of `size` leaves (RFC 6962 section 2.1.1), siblings from the leaf upwards.
 *
 * @throws RangeError unless 0 <= index < size
 */
export async function proveInclusion(index: number, size: number, read: HashReader): Promise<Uint8Array[]> {
  checkCounts(index, size);
  if (index === size) throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  const proof: Uint8Array[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      proof.push(await readRange(middle, to, read));
      to = middle;
    } else {
      proof.push(await readRange(from, middle, read));
      from = middle;
    }
  }
  return proof.reverse();
}

/**
 * Proof that the tree of `newSize` leaves continues the one of `oldSize` (RFC 6962 section 2.1.2); empty when the old one is
 * empty or is the new one.
 *
 * @throws RangeError unless 0 <= oldSize <= newSize
 */
export async function proveConsistency(
  oldSize: number,
  newSize: number,
  read: HashReader,
): Promise<Uint8Array[]> {
  checkCounts(oldSize, newSize);
  if (oldSize === 0 || oldSize === newSize) return [];
  const proof: Uint8Array[] = [];
  let from = 0;
  let to = newSize;
  while (to !== oldSize) {
    const middle = from + splitPoint(to - from);
    if (oldSize <= middle) {
      proof.push(await readRange(middle, to, read));
      to = middle;
    } else {
      proof.push(await readRange(from, middle, read));
      from = middle;
    }
  }
  // The old tree's own last subtree; left out when it is the whole old tree, whose root the verifier has.
  if (from !== 0) proof.push(await readRange(from, to, read));
  return proof.reverse();
}

/** Whole subtrees that make up the first leaves, kept while leaves are appended: all that the root needs. */
export class TreeFrontier {
  /** Hashes of whole subtrees, largest first: one for each 1 in the binary form of `size`. */
  readonly #subtrees: Uint8Array[] = [];
  #size = 0;

  /** The edge of a tree of `size` leaves that lies elsewhere. Check its root before building on it. */
  static async read(size: number, read: HashReader): Promise<TreeFrontier> {
    const frontier = new TreeFrontier();
    for (const [level, index] of subtreesOf(0, size)) frontier.#subtrees.push(await read(level, index));
    frontier.#size = size;
    return frontier;
  }

  get size(): number {
    return this.#size;
  }

  append(leafHash: Uint8Array): void {
    let hash = leafHash;
    for (let n = this.#size; n % 2 === 1; n = (n - 1) / 2) hash = hashNode(this.#subtrees.pop()!, hash);
    this.#subtrees.push(hash);
    this.#size++;
  }

  root(): Uint8Array {
    return this.#subtrees.length === 0
      ? EMPTY_ROOT
      : this.#subtrees.reduceRight((right, left) => hashNode(left, right));
  }
}

/** Hash over leaves `from` to `to - 1`, where `from` begins a subtree that holds them all. */
async function readRange(from: number, to: number, read: HashReader): Promise<Uint8Array> {
  if (from === to) return EMPTY_ROOT;
  const subtrees: Uint8Array[] = [];
  for (const [level, index] of subtreesOf(from, to)) subtrees.push(await read(level, index));
  return subtrees.reduceRight((right, left) => hashNode(left, right));
}

/** Level and index of the whole subtrees over leaves `from` to `to - 1`, largest first. */
function* subtreesOf(from: number, to: number): Generator<[level: number, index: number]> {
  for (let at = from; at < to; ) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level++;
    yield [level, at / 2 ** level];
    at += 2 ** level;
  }
}

/** The largest power of two below n > 1. */
function splitPoint(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function checkCounts(smaller: number, larger: number): void {
  const fit =
    Number.isSafeInteger(smaller) && Number.isSafeInteger(larger) && smaller >= 0 && smaller <= larger;
  if (!fit) throw new RangeError(`${smaller} and ${larger} are no place in a tree`);
}
