import { type CommunityQuality, describeQuality, measureQuality } from './community-quality.js';
import { aggregateGraph, type Graph } from './graph.js';
import { refinePartition } from './leiden-refinement.js';
import { Random } from './random.js';
import { requireInteger } from './stats-error.js';

/** How to run `detectCommunities`. */
export interface LeidenOptions {
  /** Default modularity at resolution 1. */
  readonly quality?: CommunityQuality;
  /** Seed of the visiting order and of the refinement's choices. Default 1. Same seed, same graph: same answer. */
  readonly seed?: number;
  /** Full passes over the graph; stops early when one changes nothing. Default 3. */
  readonly passes?: number;
}

/** A partition: community ids 0..communityCount-1 in order of first appearance. */
export interface Communities {
  readonly membership: Int32Array;
  readonly communityCount: number;
  /** `measureQuality` of the partition. */
  readonly quality: number;
}

/**
 * The Leiden algorithm: queue-based local moving, refinement inside each community, aggregation by the refined
 * partition. Every community returned is connected. Near-linear in edges. A partition proposes; it is not evidence.
 * Source: Traag, Waltman and van Eck 2019, "From Louvain to Leiden: guaranteeing well-connected communities".
 *
 * @throws PhalanxError `STATS_DOMAIN` on a resolution, seed or passes out of range.
 */
export function detectCommunities(graph: Graph, options: LeidenOptions = {}): Communities {
  const quality = options.quality ?? { kind: 'modularity', resolution: 1 };
  const passes = options.passes ?? 3;
  requireInteger(passes, 'passes', 1, 1000);
  const random = new Random(options.seed ?? 1);
  const { sizes, factor } = describeQuality(graph, quality);
  let membership: Int32Array = Int32Array.from({ length: graph.nodeCount }, (_, v) => v);
  for (let pass = 0; pass < passes; pass++) {
    const result = runPass(graph, sizes, factor, membership, random);
    membership = result.membership;
    if (!result.changed) break;
  }
  const connected = splitDisconnected(graph, membership);
  return {
    membership: connected.membership,
    communityCount: connected.communityCount,
    quality: measureQuality(graph, connected.membership, quality),
  };
}

function runPass(
  graph: Graph,
  sizes: Float64Array,
  factor: number,
  start: Int32Array,
  random: Random,
): { membership: Int32Array; changed: boolean } {
  let level = graph;
  let levelSizes = sizes;
  let partition = renumber(start).membership;
  let changed = false;
  // Node of the original graph -> node of the current level.
  const nodeOf = Int32Array.from({ length: graph.nodeCount }, (_, v) => v);
  for (;;) {
    if (moveLocally(level, levelSizes, factor, partition, random)) changed = true;
    const flat = renumber(partition);
    partition = flat.membership;
    if (flat.communityCount === level.nodeCount) break;
    const refined = renumber(refinePartition(level, levelSizes, factor, partition, random));
    // No merge at all would repeat this level for ever.
    if (refined.communityCount === level.nodeCount) break;
    const nextSizes = new Float64Array(refined.communityCount);
    const nextPartition = new Int32Array(refined.communityCount);
    for (let v = 0; v < level.nodeCount; v++) {
      nextSizes[refined.membership[v]!]! += levelSizes[v]!;
      nextPartition[refined.membership[v]!] = partition[v]!;
    }
    for (let v = 0; v < graph.nodeCount; v++) nodeOf[v] = refined.membership[nodeOf[v]!]!;
    level = aggregateGraph(level, refined.membership, refined.communityCount);
    levelSizes = nextSizes;
    partition = nextPartition;
  }
  return { membership: nodeOf.map((v) => partition[v]!), changed };
}

/** Moves nodes to the best neighbouring (or an empty) community until no move helps. Ids are < nodeCount. */
function moveLocally(
  graph: Graph,
  sizes: Float64Array,
  factor: number,
  membership: Int32Array,
  random: Random,
): boolean {
  const n = graph.nodeCount;
  const { offsets, targets, weights } = graph;
  const groupSize = new Float64Array(n);
  const groupNodes = new Int32Array(n);
  for (let v = 0; v < n; v++) {
    groupSize[membership[v]!]! += sizes[v]!;
    groupNodes[membership[v]!]!++;
  }
  const empty: number[] = [];
  for (let g = n - 1; g >= 0; g--) if (groupNodes[g] === 0) empty.push(g);
  const queue = random.shuffle(Int32Array.from({ length: n }, (_, v) => v));
  const queued = new Uint8Array(n).fill(1);
  const weightTo = new Float64Array(n);
  const touched = new Int32Array(n);
  let head = 0;
  let waiting = n;
  let moved = false;
  while (waiting > 0) {
    const v = queue[head]!;
    head = head + 1 === n ? 0 : head + 1;
    waiting--;
    queued[v] = 0;
    const own = membership[v]!;
    const size = sizes[v]!;
    let touchedCount = 0;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      const g = membership[targets[i]!]!;
      if (weightTo[g] === 0) touched[touchedCount++] = g;
      weightTo[g]! += weights[i]!;
    }
    let best = own;
    const stay = weightTo[own]! - factor * size * (groupSize[own]! - size);
    // A move must beat staying by more than rounding, or two nodes could swap for ever.
    let bestGain = stay + 1e-12 * (Math.abs(stay) + weightTo[own]! + Number.MIN_VALUE);
    for (let t = 0; t < touchedCount; t++) {
      const g = touched[t]!;
      const gain = weightTo[g]! - factor * size * groupSize[g]!;
      if (g !== own && gain > bestGain) {
        best = g;
        bestGain = gain;
      }
      weightTo[g] = 0;
    }
    if (bestGain < 0 && groupNodes[own]! > 1) best = empty.at(-1)!;
    if (best === own) continue;
    moved = true;
    groupSize[own]! -= size;
    if (--groupNodes[own]! === 0) {
      groupSize[own] = 0;
      empty.push(own);
    }
    if (groupNodes[best] === 0) empty.splice(empty.lastIndexOf(best), 1);
    groupSize[best]! += size;
    groupNodes[best]!++;
    membership[v] = best;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      const u = targets[i]!;
      if (queued[u] === 1 || membership[u] === best) continue;
      queued[u] = 1;
      let tail = head + waiting;
      if (tail >= n) tail -= n;
      queue[tail] = u;
      waiting++;
    }
  }
  return moved;
}

/** Renumbers ids to 0.. in order of first appearance. Ids must be < length. */
function renumber(membership: Int32Array): { membership: Int32Array; communityCount: number } {
  const idOf = new Int32Array(membership.length).fill(-1);
  const out = new Int32Array(membership.length);
  let communityCount = 0;
  for (let v = 0; v < membership.length; v++) {
    const g = membership[v]!;
    if (idOf[g] === -1) idOf[g] = communityCount++;
    out[v] = idOf[g]!;
  }
  return { membership: out, communityCount };
}

/** Splits communities into connected components: never lowers either quality, and makes connectedness unconditional. */
function splitDisconnected(
  graph: Graph,
  membership: Int32Array,
): { membership: Int32Array; communityCount: number } {
  const out = new Int32Array(graph.nodeCount).fill(-1);
  const stack: number[] = [];
  let communityCount = 0;
  for (let root = 0; root < graph.nodeCount; root++) {
    if (out[root] !== -1) continue;
    out[root] = communityCount;
    stack.push(root);
    for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
      for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
        const u = graph.targets[i]!;
        if (out[u] !== -1 || membership[u] !== membership[root]) continue;
        out[u] = communityCount;
        stack.push(u);
      }
    }
    communityCount++;
  }
  return { membership: out, communityCount };
}
