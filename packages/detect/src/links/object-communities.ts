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
/** Pairs looked at; beyond, the most popular objects are left out first. */
const MAX_PAIRS = 4_000_000;
const MAX_COMMUNITIES = 12;

/**
 * Groups accounts that share rare things.
 *
 * Two accounts are linked when they share objects of at least two kinds whose rarities, ln(N / df) with df accounts
 * touching the object, add up to ln N + 3: a coincidence not expected for any pair. One shared thing of any rarity links
 * nobody: families share a card, neighbours an address, users of one library a template. Leiden finds communities among
 * the linked; a member's strength is its largest link.
 */
export function proposeObjectCommunities(
  population: Population,
  kinds: readonly SharedObjects[],
  minAccounts: number,
  by: string,
): Proposal[] {
  const links = linkPairs(population, kinds);
  if (links.length === 0) return [];
  const n = population.size;
  const graph = buildGraph(
    n,
    links.map((l) => Math.floor(l.pair / n)),
    links.map((l) => l.pair % n),
    links.map((l) => l.weight),
  );
  const strongest = new Float64Array(n);
  for (const { pair, weight } of links)
    for (const a of [Math.floor(pair / n), pair % n]) strongest[a] = Math.max(strongest[a]!, weight);
  const groups = new Map<number, number[]>();
  detectCommunities(graph).membership.forEach((community, a) => {
    if (strongest[a] === 0) return;
    const group = groups.get(community);
    if (group) group.push(a);
    else groups.set(community, [a]);
  });
  return [...groups.values()]
    .filter((group) => group.length >= minAccounts)
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_COMMUNITIES)
    .map((group) => ({
      members: Int32Array.from(group),
      strength: Float64Array.from(group, (a) => strongest[a]! / Math.LN10),
      by,
    }));
}

interface Link {
  /** lower account number x population size + higher. */
  readonly pair: number;
  readonly weight: number;
}

function linkPairs(population: Population, kinds: readonly SharedObjects[]): Link[] {
  const n = population.size;
  const cap = Math.max(MIN_POPULAR, POPULAR_SHARE * n);
  const objects: { kind: number; accounts: number[] }[] = [];
  for (const [kind, { touched }] of kinds.entries()) {
    const byKey = new Map<bigint, number[]>();
    for (let i = 0; i < touched.key.length; i++) {
      const account = population.indexOf(touched.account[i]!);
      if (account === undefined) continue;
      const accounts = byKey.get(touched.key[i]!);
      if (accounts) accounts.push(account);
      else byKey.set(touched.key[i]!, [account]);
    }
    for (const accounts of byKey.values())
      if (accounts.length >= 2 && accounts.length <= cap)
        objects.push({ kind, accounts: accounts.sort((a, b) => a - b) });
  }
  objects.sort((a, b) => a.accounts.length - b.accounts.length);
  const weights = new Map<number, { weight: number; kinds: number }>();
  let pairs = 0;
  for (const { kind, accounts } of objects) {
    pairs += (accounts.length * (accounts.length - 1)) / 2;
    if (pairs > MAX_PAIRS) break;
    const rarity = Math.log(n / accounts.length);
    for (let i = 0; i < accounts.length; i++)
      for (let j = i + 1; j < accounts.length; j++) {
        const pair = accounts[i]! * n + accounts[j]!;
        const known = weights.get(pair);
        if (known) {
          known.weight += rarity;
          known.kinds |= 1 << kind;
        } else weights.set(pair, { weight: rarity, kinds: 1 << kind });
      }
  }
  const needed = Math.log(n) + 3;
  const links: Link[] = [];
  for (const [pair, { weight, kinds: mask }] of weights)
    if (weight >= needed && (mask & (mask - 1)) !== 0) links.push({ pair, weight });
  return links;
}
