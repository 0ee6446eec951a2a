import { requireDomain, requireInteger, requireShape } from './stats-error.js';

/**
 * Weighted undirected graph in compressed rows: the neighbours of v are `targets[offsets[v]..offsets[v+1])` with the
 * parallel `weights`; every edge u-v stands in both rows. Self-loops are kept apart in `selfWeights`, each counted once.
 */
export interface Graph {
  readonly nodeCount: number;
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float64Array;
  readonly selfWeights: Float64Array;
}

/**
 * Builds a graph from an edge list: each undirected edge once, in either order; parallel edges are added up. `weights`
 * finite and > 0 (default 1). O(nodes + edges).
 *
 * @throws PhalanxError `STATS_SHAPE` when lengths differ, `STATS_DOMAIN` on an endpoint outside [0, nodeCount) or a bad weight.
 */
export function buildGraph(
  nodeCount: number,
  sources: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Graph {
  requireInteger(nodeCount, 'nodeCount', 0, 2 ** 31 - 2);
  requireShape(
    targets.length === sources.length && (weights === undefined || weights.length === sources.length),
    'sources, targets and weights differ in length',
  );
  const selfWeights = new Float64Array(nodeCount);
  const degree = new Int32Array(nodeCount + 1);
  for (let e = 0; e < sources.length; e++) {
    const u = sources[e]!;
    const v = targets[e]!;
    if (!(Number.isInteger(u) && u >= 0 && u < nodeCount && Number.isInteger(v) && v >= 0 && v < nodeCount))
      requireDomain(false, `edge ${e} has an endpoint outside [0, ${nodeCount})`);
    const w = weights === undefined ? 1 : weights[e]!;
    if (!(w > 0 && w < Number.POSITIVE_INFINITY)) requireDomain(false, `edge ${e} has weight ${w}`);
    if (u === v) selfWeights[u]! += w;
    else {
      degree[u + 1]!++;
      degree[v + 1]!++;
    }
  }
  for (let v = 0; v < nodeCount; v++) degree[v + 1]! += degree[v]!;
  const cursor = degree.slice();
  const rawTargets = new Int32Array(degree[nodeCount]!);
  const rawWeights = new Float64Array(degree[nodeCount]!);
  for (let e = 0; e < sources.length; e++) {
    const u = sources[e]!;
    const v = targets[e]!;
    if (u === v) continue;
    const w = weights === undefined ? 1 : weights[e]!;
    rawTargets[cursor[u]!] = v;
    rawWeights[cursor[u]!++] = w;
    rawTargets[cursor[v]!] = u;
    rawWeights[cursor[v]!++] = w;
  }
  return mergeParallel(nodeCount, degree, rawTargets, rawWeights, selfWeights);
}

/** Adds up repeated neighbours within each row, in place. */
function mergeParallel(
  nodeCount: number,
  raw: Int32Array,
  targets: Int32Array,
  weights: Float64Array,
  selfWeights: Float64Array,
): Graph {
  const seenAt = new Int32Array(nodeCount).fill(-1);
  const offsets = new Int32Array(nodeCount + 1);
  let out = 0;
  for (let v = 0; v < nodeCount; v++) {
    const rowStart = out;
    for (let i = raw[v]!; i < raw[v + 1]!; i++) {
      const u = targets[i]!;
      const at = seenAt[u]!;
      if (at >= rowStart) weights[at]! += weights[i]!;
      else {
        seenAt[u] = out;
        targets[out] = u;
        weights[out++] = weights[i]!;
      }
    }
    offsets[v + 1] = out;
  }
  return {
    nodeCount,
    offsets,
    targets: targets.slice(0, out),
    weights: weights.slice(0, out),
    selfWeights,
  };
}

/** The graph whose nodes are the groups of `membership` (ids 0..groups-1), edges added up; inner edges become self-loops. */
export function aggregateGraph(graph: Graph, membership: Int32Array, groups: number): Graph {
  const { nodeCount, offsets, targets, weights } = graph;
  const selfWeights = new Float64Array(groups);
  const start = new Int32Array(groups + 1);
  for (let v = 0; v < nodeCount; v++) start[membership[v]! + 1]!++;
  for (let g = 0; g < groups; g++) start[g + 1]! += start[g]!;
  const members = new Int32Array(nodeCount);
  const cursor = start.slice(0, groups);
  for (let v = 0; v < nodeCount; v++) members[cursor[membership[v]!]!++] = v;
  const outOffsets = new Int32Array(groups + 1);
  const outTargets = new Int32Array(targets.length);
  const outWeights = new Float64Array(targets.length);
  const seenAt = new Int32Array(groups).fill(-1);
  let out = 0;
  for (let g = 0; g < groups; g++) {
    const rowStart = out;
    for (let m = start[g]!; m < start[g + 1]!; m++) {
      const v = members[m]!;
      selfWeights[g]! += graph.selfWeights[v]!;
      for (let i = offsets[v]!; i < offsets[v + 1]!; i++) {
        const h = membership[targets[i]!]!;
        if (h === g) selfWeights[g]! += weights[i]! / 2;
        else if (seenAt[h]! >= rowStart) outWeights[seenAt[h]!]! += weights[i]!;
        else {
          seenAt[h] = out;
          outTargets[out] = h;
          outWeights[out++] = weights[i]!;
        }
      }
    }
    outOffsets[g + 1] = out;
  }
  return {
    nodeCount: groups,
    offsets: outOffsets,
    targets: outTargets.slice(0, out),
    weights: outWeights.slice(0, out),
    selfWeights,
  };
}
