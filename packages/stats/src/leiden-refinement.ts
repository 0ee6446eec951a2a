import type { Graph } from './graph.js';
import type { Random } from './random.js';

/** Randomness of the choice among merges, in mean edge weights (theta of the paper; 0.01 as in its reference code). */
const THETA = 0.01;

/**
 * Leiden's refinement (Traag et al. 2019, algorithm A.2, MergeNodesSubset): from singletons, each node that is well
 * connected to its community joins a well-connected refined group of the same community, with probability
 * proportional to exp(gain / theta) among non-negative gains. Merges run along edges only, so every group is
 * connected. Returns group ids < nodeCount.
 */
export function refinePartition(
  graph: Graph,
  sizes: Float64Array,
  factor: number,
  partition: Int32Array,
  random: Random,
): Int32Array {
  const n = graph.nodeCount;
  const { offsets, targets, weights } = graph;
  const group = Int32Array.from({ length: n }, (_, v) => v);
  const groupSize = sizes.slice();
  const groupNodes = new Int32Array(n).fill(1);
  const communitySize = new Float64Array(n);
  // Weight of edges from a refined group to the rest of its community.
  const groupCut = new Float64Array(n);
  let weightSum = 0;
  for (let v = 0; v < n; v++) {
    communitySize[partition[v]!]! += sizes[v]!;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      weightSum += weights[i]!;
      if (partition[targets[i]!] === partition[v]) groupCut[v]! += weights[i]!;
    }
  }
  const temperature = targets.length === 0 ? 1 : (THETA * weightSum) / targets.length;
  const order = random.shuffle(Int32Array.from({ length: n }, (_, v) => v));
  const weightTo = new Float64Array(n);
  const touched = new Int32Array(n);
  const gains = new Float64Array(n);
  for (const v of order) {
    if (groupNodes[group[v]!] !== 1) continue;
    const community = partition[v]!;
    const own = group[v]!;
    const size = sizes[v]!;
    if (groupCut[own]! < factor * size * (communitySize[community]! - size)) continue;
    let count = 0;
    for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
      const u = targets[i]!;
      if (partition[u] !== community) continue;
      const g = group[u]!;
      if (weightTo[g] === 0) touched[count++] = g;
      weightTo[g]! += weights[i]!;
    }
    let peak = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < count; t++) {
      const g = touched[t]!;
      const gain = weightTo[g]! - factor * size * groupSize[g]!;
      const wellConnected =
        groupCut[g]! >= factor * groupSize[g]! * (communitySize[community]! - groupSize[g]!);
      gains[t] = wellConnected && gain >= 0 ? gain : Number.NEGATIVE_INFINITY;
      peak = Math.max(peak, gains[t]!);
    }
    if (peak >= 0) {
      // Staying alone has gain 0 and takes part in the draw.
      const alone = Math.exp(-peak / temperature);
      let total = alone;
      for (let t = 0; t < count; t++) total += Math.exp((gains[t]! - peak) / temperature);
      let left = random.uniform() * total - alone;
      if (left >= 0) {
        let chosen = -1;
        for (let t = 0; t < count && left >= 0; t++) {
          if (gains[t]! < 0) continue;
          chosen = touched[t]!;
          left -= Math.exp((gains[t]! - peak) / temperature);
        }
        if (chosen >= 0) {
          groupCut[chosen]! += groupCut[own]! - 2 * weightTo[chosen]!;
          groupSize[chosen]! += size;
          groupNodes[chosen]!++;
          groupNodes[own] = 0;
          groupSize[own] = 0;
          group[v] = chosen;
        }
      }
    }
    for (let t = 0; t < count; t++) weightTo[touched[t]!] = 0;
  }
  return group;
}
