import type { Graph } from './graph.js';
import { requireDomain, requireShape } from './stats-error.js';

/** What a partition is scored by. Resolution > 0: larger gives more and smaller communities. */
export type CommunityQuality =
  | { readonly kind: 'modularity'; readonly resolution: number }
  | { readonly kind: 'cpm'; readonly resolution: number };

/**
 * Both qualities as one: sum over communities of (inner weight - factor/2 * size^2), up to a constant and a scale.
 * Modularity: size = strength, factor = resolution / 2m. CPM: size = number of nodes, factor = resolution.
 */
export function describeQuality(
  graph: Graph,
  quality: CommunityQuality,
): { sizes: Float64Array; factor: number } {
  requireDomain(
    quality.resolution > 0 && Number.isFinite(quality.resolution),
    `resolution must be finite and > 0, not ${quality.resolution}`,
  );
  if (quality.kind === 'cpm')
    return { sizes: new Float64Array(graph.nodeCount).fill(1), factor: quality.resolution };
  const sizes = new Float64Array(graph.nodeCount);
  let total = 0;
  for (let v = 0; v < graph.nodeCount; v++) {
    let strength = 2 * graph.selfWeights[v]!;
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) strength += graph.weights[i]!;
    sizes[v] = strength;
    total += strength;
  }
  return { sizes, factor: total === 0 ? 0 : quality.resolution / total };
}

/**
 * Quality of a partition. Modularity: sum over communities of e_c/m - resolution (K_c/2m)^2, in [-1/2, 1] at resolution
 * 1 (Newman 2004; Reichardt and Bornholdt 2006), 0 for a graph without edges. CPM: sum of e_c - resolution * n_c(n_c -
 * 1)/2, in edge weight (Traag, Van Dooren and Nesterov 2011). `membership`: one community id a node.
 *
 * @throws PhalanxError `STATS_SHAPE` unless there is one id a node, `STATS_DOMAIN` on a bad resolution.
 */
export function measureQuality(graph: Graph, membership: Int32Array, quality: CommunityQuality): number {
  requireShape(membership.length === graph.nodeCount, 'one community id for each node');
  const { sizes, factor } = describeQuality(graph, quality);
  const groupSize = new Map<number, number>();
  let inner = 0;
  let total = 0;
  for (let v = 0; v < graph.nodeCount; v++) {
    const own = membership[v]!;
    groupSize.set(own, (groupSize.get(own) ?? 0) + sizes[v]!);
    inner += graph.selfWeights[v]!;
    total += graph.selfWeights[v]!;
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      total += graph.weights[i]! / 2;
      if (membership[graph.targets[i]!] === own) inner += graph.weights[i]! / 2;
    }
  }
  let penalty = 0;
  for (const size of groupSize.values()) {
    penalty += quality.kind === 'cpm' ? (factor * size * (size - 1)) / 2 : (factor * size * size) / 2;
  }
  if (quality.kind === 'cpm') return inner - penalty;
  return total === 0 ? 0 : (inner - penalty) / total;
}
