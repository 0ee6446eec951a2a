import {
  buildGraph,
  type CommunityQuality,
  detectCommunities,
  type Graph,
  measureQuality,
  Random,
} from '@phalanx/stats';
import type { Suite } from './suite.js';

const PACKAGES = ['igraph==1.0.0', 'leidenalg==0.12.0'];
const NODES = 2000;
const QUALITIES: readonly CommunityQuality[] = [
  { kind: 'modularity', resolution: 1 },
  { kind: 'cpm', resolution: 0.02 },
];
/** Ours may be worse than the authors' by so much of the quality. */
const MIN_RATIO = 0.995;

/** Groups, chance of an edge inside a group, mean edges a node to elsewhere. */
const PLANTS = [
  { groups: 10, inside: 0.1, outside: 5 },
  { groups: 20, inside: 0.2, outside: 10 },
  { groups: 40, inside: 0.3, outside: 10 },
  { groups: 80, inside: 0.5, outside: 12 },
  { groups: 20, inside: 0.1, outside: 14 },
];

interface Edges {
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float64Array;
}

/** A partition of the authors' program and its quality; their CPM counts each undirected edge twice, halved there. */
interface PeerPartition {
  readonly membership: number[];
  readonly quality: number;
}

/** Our Leiden against the authors' (leidenalg) on planted weighted graphs. */
export const leiden: Suite = {
  name: 'leiden',
  what: 'detectCommunities against leidenalg: quality reached, and the same quality for the same partition',
  async run(checks, { python }) {
    const peer = await python.open(PACKAGES);
    if (typeof peer === 'string') return checks.skip(peer);
    const graphs = PLANTS.map((plant, seed) => plantGraph(plant, new Random(100 + seed)));
    const asked = {
      nodes: NODES,
      qualities: QUALITIES,
      graphs: graphs.map(({ sources, targets, weights }) => ({
        sources: [...sources],
        targets: [...targets],
        weights: [...weights],
      })),
    };
    const answers: PeerPartition[][] = JSON.parse(await peer.run('leiden.py', [], JSON.stringify(asked)));
    for (const [g, edges] of graphs.entries()) {
      const graph = buildGraph(NODES, edges.sources, edges.targets, edges.weights);
      for (const [q, quality] of QUALITIES.entries()) compareOne(g, graph, quality, answers[g]![q]!);
    }

    function compareOne(g: number, graph: Graph, quality: CommunityQuality, theirs: PeerPartition): void {
      const where = `graph ${g + 1}, ${quality.kind}`;
      const measured = measureQuality(graph, Int32Array.from(theirs.membership), quality);
      const error = Math.abs(measured - theirs.quality) / Math.max(1, Math.abs(theirs.quality));
      checks.check(
        `${where}: the same quality for one partition`,
        error < 1e-9,
        () => `${measured}, ${theirs.quality}`,
      );
      const ours = detectCommunities(graph, { quality, seed: 1 });
      const ratio = ours.quality / measured;
      const counts = `${ours.communityCount} communities against ${new Set(theirs.membership).size}`;
      checks.check(`${where}: quality ratio`, ratio >= MIN_RATIO, () => `${ratio}, ${counts}`);
      checks.note(`${where}: quality ${ratio.toFixed(5)} of leidenalg's, ${counts}`);
    }
  },
};

function plantGraph(plant: (typeof PLANTS)[number], random: Random): Edges {
  const sources: number[] = [];
  const targets: number[] = [];
  const weights: number[] = [];
  const size = NODES / plant.groups;
  const join = (u: number, v: number) => {
    sources.push(u);
    targets.push(v);
    weights.push(0.5 + random.uniform());
  };
  for (let u = 0; u < NODES; u++)
    for (let v = u + 1; v < NODES && Math.floor(v / size) === Math.floor(u / size); v++)
      if (random.uniform() < plant.inside) join(u, v);
  for (let e = 0; e < (NODES * plant.outside) / 2; e++) {
    const u = Math.floor(random.uniform() * NODES);
    const v = Math.floor(random.uniform() * NODES);
    if (u !== v) join(u, v);
  }
  return {
    sources: Int32Array.from(sources),
    targets: Int32Array.from(targets),
    weights: Float64Array.from(weights),
  };
}
