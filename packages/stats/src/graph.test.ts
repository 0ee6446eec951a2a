import fc from 'fast-check';
import Graphology from 'graphology';
import louvainModule from 'graphology-communities-louvain';
import { describe, expect, it } from 'vitest';
import { measureQuality } from './community-quality.js';
import { findDenseBlock } from './dense-subgraph.js';
import { buildGraph, type Graph } from './graph.js';
import { detectCommunities } from './leiden.js';
import { Random } from './random.js';

const louvain = louvainModule as unknown as (
  graph: unknown,
  options: { getEdgeWeight: string; rng: () => number },
) => Record<string, number>;
const UndirectedGraph = (Graphology as unknown as { UndirectedGraph: new () => GraphologyGraph })
  .UndirectedGraph;
interface GraphologyGraph {
  mergeNode(key: number): void;
  mergeEdge(u: number, v: number, attributes: { weight: number }): void;
}

function planted(random: Random, groups: number, size: number, inside: number, outside: number) {
  const n = groups * size;
  const sources: number[] = [];
  const targets: number[] = [];
  for (let u = 0; u < n; u++)
    for (let v = u + 1; v < n; v++)
      if (random.bernoulli(Math.floor(u / size) === Math.floor(v / size) ? inside : outside)) {
        sources.push(u);
        targets.push(v);
      }
  return { n, sources, targets };
}

/** Whether every community induces a connected subgraph. */
function allConnected(graph: Graph, membership: Int32Array): boolean {
  const seen = new Uint8Array(graph.nodeCount);
  const started = new Set<number>();
  for (let root = 0; root < graph.nodeCount; root++) {
    if (seen[root] === 1) continue;
    if (started.has(membership[root]!)) return false;
    started.add(membership[root]!);
    const stack = [root];
    seen[root] = 1;
    while (stack.length > 0) {
      const v = stack.pop()!;
      for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
        const u = graph.targets[i]!;
        if (seen[u] === 0 && membership[u] === membership[v]) {
          seen[u] = 1;
          stack.push(u);
        }
      }
    }
  }
  return true;
}

const edgeList = fc.integer({ min: 2, max: 30 }).chain((n) =>
  fc.record({
    n: fc.constant(n),
    edges: fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1), fc.double({ min: 0.01, max: 5, noNaN: true })), {
      maxLength: 90,
    }),
  }),
);

describe('buildGraph', () => {
  it('keeps total weight, symmetry, and merges parallel edges', () => {
    fc.assert(
      fc.property(edgeList, ({ n, edges }) => {
        const graph = buildGraph(
          n,
          edges.map((e) => e[0]),
          edges.map((e) => e[1]),
          edges.map((e) => e[2]),
        );
        const dense = new Map<string, number>();
        for (let v = 0; v < n; v++)
          for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
            expect(dense.has(`${v}-${graph.targets[i]}`)).toBe(false);
            dense.set(`${v}-${graph.targets[i]}`, graph.weights[i]!);
          }
        for (const [key, w] of dense)
          expect(dense.get(key.split('-').reverse().join('-'))).toBeCloseTo(w, 10);
        const total =
          graph.weights.reduce((a, b) => a + b, 0) / 2 + graph.selfWeights.reduce((a, b) => a + b, 0);
        expect(total).toBeCloseTo(
          edges.reduce((sum, e) => sum + e[2], 0),
          8,
        );
      }),
    );
    expect(() => buildGraph(2, [0], [2])).toThrowError(expect.objectContaining({ code: 'STATS_DOMAIN' }));
    expect(() => buildGraph(2, [0], [])).toThrowError(expect.objectContaining({ code: 'STATS_SHAPE' }));
  });
});

describe('detectCommunities', () => {
  it('modularity of two triangles joined by an edge is 5/14', () => {
    const graph = buildGraph(6, [0, 1, 2, 3, 4, 5, 0], [1, 2, 0, 4, 5, 3, 3]);
    const result = detectCommunities(graph);
    expect([...result.membership]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(result.quality).toBeCloseTo(5 / 14, 12);
  });

  it('communities are connected, local optima, and repeat from a seed, for both qualities', () => {
    fc.assert(
      fc.property(
        edgeList,
        fc.constantFrom('modularity', 'cpm'),
        fc.constantFrom(0.1, 0.5, 1, 2),
        ({ n, edges }, kind, resolution) => {
          const graph = buildGraph(
            n,
            edges.map((e) => e[0]),
            edges.map((e) => e[1]),
            edges.map((e) => e[2]),
          );
          const quality = { kind, resolution } as const;
          const options = { quality, seed: 3, passes: 50 };
          const result = detectCommunities(graph, options);
          expect(allConnected(graph, result.membership)).toBe(true);
          expect(result).toEqual(detectCommunities(graph, options));
          expect(new Set(result.membership).size).toBe(result.communityCount);
          const alone = measureQuality(
            graph,
            Int32Array.from({ length: n }, (_, v) => v),
            quality,
          );
          expect(result.quality).toBeGreaterThanOrEqual(alone - 1e-9);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('comes near the best of all partitions of 8 nodes', () => {
    const random = new Random(81);
    for (let round = 0; round < 10; round++) {
      const { n, sources, targets } = planted(random, 2, 4, 0.8, 0.3);
      const graph = buildGraph(n, sources, targets);
      let best = Number.NEGATIVE_INFINITY;
      const assign = (membership: Int32Array, v: number, used: number): void => {
        if (v === n) {
          best = Math.max(best, measureQuality(graph, membership, { kind: 'modularity', resolution: 1 }));
          return;
        }
        for (let g = 0; g <= used; g++) {
          membership[v] = g;
          assign(membership, v + 1, Math.max(used, g + 1));
        }
      };
      assign(new Int32Array(n), 0, 0);
      const found = Math.max(...[1, 2, 3].map((seed) => detectCommunities(graph, { seed }).quality));
      expect(found).toBeLessThanOrEqual(best + 1e-12);
      expect(found).toBeGreaterThanOrEqual(best - 0.02);
    }
  });

  it('recovers a planted partition exactly, by modularity and by CPM', () => {
    const { n, sources, targets } = planted(new Random(82), 12, 40, 0.4, 0.01);
    const graph = buildGraph(n, sources, targets);
    const truth = Array.from({ length: n }, (_, v) => Math.floor(v / 40));
    expect([...detectCommunities(graph).membership]).toEqual(truth);
    const cpm = detectCommunities(graph, { quality: { kind: 'cpm', resolution: 0.1 } });
    expect([...cpm.membership]).toEqual(truth);
  });

  it('reaches the modularity of graphology-communities-louvain within 1 %', () => {
    for (const [seed, inside, outside] of [
      [83, 0.3, 0.02],
      [84, 0.15, 0.03],
      [85, 0.08, 0.04],
    ] as const) {
      const random = new Random(seed);
      const { n, sources, targets } = planted(random, 10, 40, inside, outside);
      const graph = buildGraph(n, sources, targets);
      const peer = new UndirectedGraph();
      for (let v = 0; v < n; v++) peer.mergeNode(v);
      for (let e = 0; e < sources.length; e++) peer.mergeEdge(sources[e]!, targets[e]!, { weight: 1 });
      const rng = () => random.uniform();
      const peerIds = louvain(peer, { getEdgeWeight: 'weight', rng });
      const peerQuality = measureQuality(
        graph,
        Int32Array.from({ length: n }, (_, v) => peerIds[v]!),
        {
          kind: 'modularity',
          resolution: 1,
        },
      );
      expect(peerQuality).toBeGreaterThan(0.1);
      expect(detectCommunities(graph).quality).toBeGreaterThanOrEqual(0.99 * peerQuality);
    }
  });

  it('handles no nodes and no edges', () => {
    expect(detectCommunities(buildGraph(0, [], []))).toMatchObject({ communityCount: 0, quality: 0 });
    expect(detectCommunities(buildGraph(3, [], []))).toMatchObject({ communityCount: 3, quality: 0 });
    expect(() =>
      detectCommunities(buildGraph(3, [], []), { quality: { kind: 'cpm', resolution: 0 } }),
    ).toThrowError(expect.objectContaining({ code: 'STATS_DOMAIN' }));
  });
});

describe('findDenseBlock', () => {
  const density = (
    edges: readonly (readonly [number, number])[],
    accounts: Set<number>,
    objects: Set<number>,
  ): number => {
    const degree = new Map<number, number>();
    for (const [, o] of edges) degree.set(o, (degree.get(o) ?? 0) + 1);
    let sum = 0;
    for (const [a, o] of edges)
      if (accounts.has(a) && objects.has(o)) sum += 1 / Math.log(degree.get(o)! + 5);
    return sum / (accounts.size + objects.size);
  };

  it('reports its own density and is within half of the best block', () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.nat(4), fc.nat(4)), {
      minLength: 1,
      maxLength: 20,
      selector: String,
    });
    fc.assert(
      fc.property(pairs, (edges) => {
        const block = findDenseBlock(
          5,
          5,
          edges.map((e) => e[0]),
          edges.map((e) => e[1]),
        );
        expect(block.density).toBeCloseTo(
          density(edges, new Set(block.accounts), new Set(block.objects)),
          12,
        );
        let best = 0;
        for (let mask = 1; mask < 1024; mask++) {
          const pick = (shift: number) => new Set([0, 1, 2, 3, 4].filter((i) => (mask >> (shift + i)) & 1));
          best = Math.max(best, density(edges, pick(0), pick(5)));
        }
        expect(block.density).toBeGreaterThanOrEqual(best / 2 - 1e-12);
        expect(block.density).toBeLessThanOrEqual(best + 1e-12);
      }),
      { numRuns: 40 },
    );
  });

  it('finds a planted block under camouflage, and a popular object joins nobody', () => {
    const random = new Random(91);
    const accounts = 2000;
    const objects = 800;
    const edges: [number, number][] = [];
    for (let a = 0; a < accounts; a++) {
      edges.push([a, 0]);
      for (let i = 0; i < 3; i++) edges.push([a, 40 + random.integer(objects - 40)]);
    }
    for (let a = 0; a < 60; a++) for (let o = 1; o <= 30; o++) if (random.bernoulli(0.7)) edges.push([a, o]);
    const block = findDenseBlock(
      accounts,
      objects,
      edges.map((e) => e[0]),
      edges.map((e) => e[1]),
    );
    expect(block.accounts).toEqual(Array.from({ length: 60 }, (_, a) => a));
    expect(block.objects.filter((o) => o >= 1 && o <= 30)).toHaveLength(30);
    expect(block.objects.length).toBeLessThanOrEqual(31);
  });

  it('handles no edges, repeated edges and bad indices', () => {
    expect(findDenseBlock(3, 2, [], [])).toEqual({ accounts: [], objects: [], density: 0 });
    expect(findDenseBlock(2, 2, [0, 0], [1, 1])).toEqual(findDenseBlock(2, 2, [0], [1]));
    expect(() => findDenseBlock(1, 1, [1], [0])).toThrowError(
      expect.objectContaining({ code: 'STATS_DOMAIN' }),
    );
  });
});
