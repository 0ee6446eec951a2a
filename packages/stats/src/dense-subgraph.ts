import { requireDomain, requireInteger, requireShape } from './stats-error.js';

/** A dense block: accounts and the objects they share. */
export interface DenseBlock {
  /** Indices, ascending. */
  readonly accounts: readonly number[];
  readonly objects: readonly number[];
  /** Sum of inner edge weights divided by the number of accounts and objects. */
  readonly density: number;
}

/**
 * FRAUDAR: greedy peeling of an account x object graph. An edge to object j weighs 1/log(deg_j + 5), so an object that
 * everybody has (a popular SDK, a cloud range) joins nobody; the node with the least weight left is removed again and again
 * and the densest intermediate set returned. Its density is at least half the optimum, and adding camouflage edges to
 * honest objects cannot lower a block's own density. Binary heap, O(E log V). It proposes; it is not evidence. Source:
 * Hooi et al. 2016, "FRAUDAR: bounding graph fraud in the face of camouflage", algorithm 1, theorems 1 and 3.
 *
 * `edgeAccounts[e]`-`edgeObjects[e]`: one entry an edge, repeated edges count as one. Ties go to the smaller set of
 * removals; no edges give an empty block of density 0.
 *
 * @throws PhalanxError `STATS_SHAPE` when lengths differ, `STATS_DOMAIN` on an index out of range.
 */
export function findDenseBlock(
  accountCount: number,
  objectCount: number,
  edgeAccounts: ArrayLike<number>,
  edgeObjects: ArrayLike<number>,
): DenseBlock {
  requireInteger(accountCount, 'accountCount');
  requireInteger(objectCount, 'objectCount');
  requireShape(edgeAccounts.length === edgeObjects.length, 'edge arrays differ in length');
  const n = accountCount + objectCount;
  const { offsets, targets } = buildRows(accountCount, objectCount, edgeAccounts, edgeObjects);

  const columnWeight = new Float64Array(objectCount);
  for (let j = 0; j < objectCount; j++) {
    const v = accountCount + j;
    columnWeight[j] = 1 / Math.log(offsets[v + 1]! - offsets[v]! + 5);
  }
  const weightOf = (v: number, u: number) => columnWeight[(v < accountCount ? u : v) - accountCount]!;
  const load = new Float64Array(n);
  let total = 0;
  for (let v = 0; v < n; v++) {
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) load[v]! += weightOf(v, targets[i]!);
    if (v < accountCount) total += load[v]!;
  }
  const heap = new NodeHeap(load);
  const removed: number[] = [];
  const gone = new Uint8Array(n);
  let bestDensity = n === 0 ? 0 : total / n;
  let bestRemovals = 0;
  for (let left = n - 1; left > 0; left--) {
    const v = heap.pop();
    gone[v] = 1;
    removed.push(v);
    total -= load[v]!;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      const u = targets[i]!;
      if (gone[u] === 0) heap.lower(u, load[u]! - weightOf(v, u));
    }
    // The margin keeps rounding noise from preferring a smaller set of equal density.
    if (total / left > bestDensity * (1 + 1e-12)) {
      bestDensity = total / left;
      bestRemovals = removed.length;
    }
  }
  const kept = new Uint8Array(n).fill(edgeAccounts.length === 0 ? 0 : 1);
  for (let i = 0; i < bestRemovals; i++) kept[removed[i]!] = 0;
  const accounts: number[] = [];
  const objects: number[] = [];
  let inner = 0;
  for (let v = 0; v < n; v++) {
    if (kept[v] === 0) continue;
    if (v >= accountCount) objects.push(v - accountCount);
    else {
      accounts.push(v);
      for (let i = offsets[v]!; i < offsets[v + 1]!; i++)
        if (kept[targets[i]!] === 1) inner += weightOf(v, targets[i]!);
    }
  }
  const size = accounts.length + objects.length;
  return { accounts, objects, density: size === 0 ? 0 : inner / size };
}

/** Adjacency of accounts (0..) and objects (accountCount..), each edge in both rows and once. */
function buildRows(
  accountCount: number,
  objectCount: number,
  edgeAccounts: ArrayLike<number>,
  edgeObjects: ArrayLike<number>,
): { offsets: Int32Array; targets: Int32Array } {
  const seen = new Set<number>();
  for (let e = 0; e < edgeAccounts.length; e++) {
    requireInteger(edgeAccounts[e]!, 'account', 0, accountCount - 1);
    requireInteger(edgeObjects[e]!, 'object', 0, objectCount - 1);
    seen.add(edgeAccounts[e]! * objectCount + edgeObjects[e]!);
  }
  requireDomain(accountCount * objectCount <= Number.MAX_SAFE_INTEGER, 'the graph is too large to index');
  const n = accountCount + objectCount;
  const offsets = new Int32Array(n + 1);
  for (const key of seen) {
    offsets[Math.floor(key / objectCount) + 1]!++;
    offsets[accountCount + (key % objectCount) + 1]!++;
  }
  for (let v = 0; v < n; v++) offsets[v + 1]! += offsets[v]!;
  const cursor = offsets.slice(0, n);
  const targets = new Int32Array(2 * seen.size);
  for (const key of seen) {
    const a = Math.floor(key / objectCount);
    const v = accountCount + (key % objectCount);
    targets[cursor[a]!++] = v;
    targets[cursor[v]!++] = a;
  }
  return { offsets, targets };
}

/** Binary min-heap of all nodes by key, with decrease-key; equal keys in order of index. */
class NodeHeap {
  readonly #keys: Float64Array;
  readonly #heap: Int32Array;
  readonly #position: Int32Array;
  #length: number;

  /** Shares `keys` with the caller and updates it. */
  constructor(keys: Float64Array) {
    this.#keys = keys;
    this.#length = keys.length;
    this.#heap = Int32Array.from({ length: keys.length }, (_, v) => v);
    this.#position = this.#heap.slice();
    for (let i = (this.#length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  pop(): number {
    const top = this.#heap[0]!;
    this.#length--;
    if (this.#length > 0) {
      this.#put(0, this.#heap[this.#length]!);
      this.#sink(0);
    }
    return top;
  }

  lower(node: number, key: number): void {
    this.#keys[node] = key;
    let at = this.#position[node]!;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(node, this.#heap[parent]!)) break;
      this.#put(at, this.#heap[parent]!);
      at = parent;
    }
    this.#put(at, node);
  }

  #before(a: number, b: number): boolean {
    const difference = this.#keys[a]! - this.#keys[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }

  #put(at: number, node: number): void {
    this.#heap[at] = node;
    this.#position[node] = at;
  }

  #sink(at: number): void {
    const node = this.#heap[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#length) break;
      if (child + 1 < this.#length && this.#before(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (!this.#before(this.#heap[child]!, node)) break;
      this.#put(at, this.#heap[child]!);
      at = child;
    }
    this.#put(at, node);
  }
}
