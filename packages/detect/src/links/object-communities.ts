import type { KeyedCounts } from '@phalanx/domain';
import { buildGraph, detectCommunities } from '@phalanx/stats';
import type { Population } from '../population/population.js';
import type { Proposal } from './proposal.js';

/** One kind of object and who touched which. */
export interface SharedObjects {
  readonly kind: string;
  readonly touched: KeyedCounts;
}

/** An object that more than this share of all accounts touch joins nobody: a cloud's address range, a popular SDK. */
export const POPULAR_SHARE = 0.06;
export const MIN_POPULAR = 20;

interface Edge {
  readonly account: number;
  readonly object: number;
}

/**
 * Groups accounts that share rare things. Accounts and objects are the two sides of a graph whose edges weigh
 * ln(cap / df), df being how many accounts touch the object; Leiden finds communities; a member stays when the objects it
 * shares inside the community have together a rarity that chance would not give one pair in all (sum of ln(N / df) at
 * least ln N + 2, over at least two objects).
 */
export function proposeObjectCommunities(
  population: Population,
  kinds: readonly SharedObjects[],
  minAccounts: number,
  by: string,
  usedContent: boolean,
): Proposal[] {
  const cap = Math.max(MIN_POPULAR, POPULAR_SHARE * population.size);
  const edges: Edge[] = [];
  const frequency: number[] = [];
  for (const { touched } of kinds) {
    const number = new Map<bigint, number>();
    for (let i = 0; i < touched.key.length; i++) {
      const account = population.indexOf(touched.account[i]!);
      if (account === undefined) continue;
      let object = number.get(touched.key[i]!);
      if (object === undefined) {
        number.set(touched.key[i]!, (object = frequency.length));
        frequency.push(0);
      }
      frequency[object]!++;
      edges.push({ account, object });
    }
  }
  const useful = edges.filter((e) => frequency[e.object]! >= 2 && frequency[e.object]! <= cap);
  if (useful.length === 0) return [];
  const community = communities(population.size, useful, frequency, cap);

  const members = new Map<number, Set<number>>();
  const inside = new Map<string, number>();
  for (const e of useful) {
    const c = community[e.account]!;
    if (community[population.size + e.object] !== c) continue;
    const key = `${c}:${e.object}`;
    inside.set(key, (inside.get(key) ?? 0) + 1);
  }
  const rarity = new Float64Array(population.size);
  const shared = new Int32Array(population.size);
  for (const e of useful) {
    const c = community[e.account]!;
    if ((inside.get(`${c}:${e.object}`) ?? 0) < 2 || community[population.size + e.object] !== c) continue;
    rarity[e.account]! += Math.log(population.size / frequency[e.object]!);
    shared[e.account]!++;
    let set = members.get(c);
    if (!set) members.set(c, (set = new Set()));
    set.add(e.account);
  }
  const needed = Math.log(population.size) + 2;
  const proposals: Proposal[] = [];
  for (const set of members.values()) {
    const kept = [...set].filter((a) => shared[a]! >= 2 && rarity[a]! >= needed).sort((a, b) => a - b);
    if (kept.length < minAccounts) continue;
    proposals.push({
      members: Int32Array.from(kept),
      strength: Float64Array.from(kept, (a) => (rarity[a]! - Math.log(population.size)) / Math.LN10),
      by,
      usedContent,
    });
  }
  return proposals;
}

function communities(
  accounts: number,
  edges: readonly Edge[],
  frequency: readonly number[],
  cap: number,
): Int32Array {
  const graph = buildGraph(
    accounts + frequency.length,
    edges.map((e) => e.account),
    edges.map((e) => accounts + e.object),
    edges.map((e) => Math.log(cap / frequency[e.object]!) + 0.1),
  );
  return detectCommunities(graph).membership;
}
