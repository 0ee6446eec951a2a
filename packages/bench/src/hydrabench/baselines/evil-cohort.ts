import { buildGraph, detectCommunities } from '@phalanx/stats';
import type { Baseline } from './baseline.js';
import type { Traffic } from './traffic.js';

/** Projecting a network that so many accounts share would make a million edges; the paper filters such nodes too. */
const MAX_ACCOUNTS = 300;
/** Shared networks that make an edge; the paper's s = 2 keeps chance meetings out. */
const MIN_SHARED = 2;

/**
 * EvilCohort: accounts linked by the networks they both came from, weight = number of shared ones (at least 2),
 * communities by Leiden in place of Louvain (of equal purpose and never worse connected); an account's score is the size
 * of its community.
 */
export const evilCohort: Baseline = {
  name: 'EvilCohort',
  reference: 'Stringhini et al., USENIX Security 2015',
  fit: () => (traffic) => {
    const { membership, sizes } = findCommunities(traffic);
    const score = Float64Array.from(membership, (community) => sizes[community]!);
    return {
      score,
      group: (threshold) => {
        const groups = new Map<number, number[]>();
        membership.forEach((community, account) => {
          if (score[account]! <= threshold) return;
          const group = groups.get(community);
          if (group) group.push(account);
          else groups.set(community, [account]);
        });
        return [...groups.values()];
      },
    };
  },
};

function findCommunities(traffic: Traffic): { membership: Int32Array; sizes: Uint32Array } {
  const seen = new Map<number, Set<number>>();
  for (let row = 0; row < traffic.account.length; row++) {
    const network = traffic.network[row]!;
    let accounts = seen.get(network);
    if (accounts === undefined) seen.set(network, (accounts = new Set()));
    accounts.add(traffic.account[row]!);
  }
  const shared = new Map<number, number>();
  for (const accounts of seen.values()) {
    if (accounts.size < 2 || accounts.size > MAX_ACCOUNTS) continue;
    const list = [...accounts];
    for (let i = 0; i < list.length; i++)
      for (let j = 0; j < i; j++) {
        const low = Math.min(list[i]!, list[j]!);
        const key = low * traffic.accounts + Math.max(list[i]!, list[j]!);
        shared.set(key, (shared.get(key) ?? 0) + 1);
      }
  }
  const edges = [...shared].filter(([, weight]) => weight >= MIN_SHARED);
  const graph = buildGraph(
    traffic.accounts,
    edges.map(([key]) => Math.floor(key / traffic.accounts)),
    edges.map(([key]) => key % traffic.accounts),
    edges.map(([, weight]) => weight),
  );
  const { membership, communityCount } = detectCommunities(graph);
  const sizes = new Uint32Array(communityCount);
  for (const community of membership) sizes[community]!++;
  return { membership, sizes };
}
