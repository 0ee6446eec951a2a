import { toHex } from '@phalanx/core';
import { clusterTemplates } from '../matching/template-bands.js';
import type { RevealedGroup } from '../matching/threshold-reveal.js';
import type { JointCandidate, LinkStatement } from './joint-messages.js';
import { type PoolName, poolKey } from './joint-terms.js';

/** Pools of several labs that hold the same rare values. */
export type JoinedPools = Pick<JointCandidate, 'pools' | 'common' | 'declared'>;

/** Points that join two pools: one for each address or token in common, one for four bands of a template. */
const LEAST_POINTS = 3;
const BANDS_A_POINT = 4;
/** Pools of one lab in one group; with more the links are too weak, and one point more is asked for. */
const MOST_OF_A_LAB = 3;
/** Pools of one round; more are not joined. */
const MAX_POOLS = 4_000;

interface Link {
  readonly a: string;
  readonly b: string;
  points: number;
  bands: number;
}

/**
 * Joins pools of different labs by what was revealed in a round: connected components over pairs with at least 3 points, in descending
 * order of values in common. The rule is fixed and looks at no evidence.
 *
 * @param statements at most one a lab; what they say of tags that were not revealed to the lab is not counted
 */
export function joinPools(
  revealed: readonly RevealedGroup[],
  statements: readonly LinkStatement[],
): JoinedPools[] {
  const names = new Map<string, PoolName>();
  const holders = holdersOfTags(statements, names);
  if (names.size > MAX_POOLS) return [];
  const links = new Map<string, Link>();
  for (const group of revealed) {
    const held = (holders.get(toHex(group.tag)) ?? []).filter(({ place }) => group.places.includes(place));
    for (const [i, one] of held.entries())
      for (const other of held.slice(i + 1)) {
        if (one.place === other.place) continue;
        const [a, b] = [poolKey(one), poolKey(other)].sort() as [string, string];
        const link = links.get(`${a} ${b}`) ?? { a, b, points: 0, bands: 0 };
        links.set(`${a} ${b}`, link);
        if (isBand(group)) link.bands++;
        else link.points++;
      }
  }
  const declared = new Set(
    statements.flatMap(({ place, declared }) => declared.map((label) => poolKey({ place, label }))),
  );
  return componentsOf([...links.values()], names, LEAST_POINTS)
    .map((keys) => {
      const inside = new Set(keys);
      const pools = keys.map((key) => names.get(key)!).sort((a, b) => a.place - b.place || a.label - b.label);
      const common = revealed.filter(({ tag, places }) => {
        const held = (holders.get(toHex(tag)) ?? []).filter(
          (name) => inside.has(poolKey(name)) && places.includes(name.place),
        );
        return new Set(held.map(({ place }) => place)).size >= 2;
      });
      return {
        pools,
        common: countKinds(common),
        declared: pools.filter((pool) => declared.has(poolKey(pool))),
      };
    })
    .sort((a, b) => weightOf(b) - weightOf(a));
}

function holdersOfTags(
  statements: readonly LinkStatement[],
  names: Map<string, PoolName>,
): Map<string, PoolName[]> {
  const holders = new Map<string, PoolName[]>();
  for (const { place, links } of statements)
    for (const { tag, labels } of links)
      for (const label of new Set(labels)) {
        const name = { place, label };
        names.set(poolKey(name), name);
        const known = holders.get(tag);
        if (known) known.push(name);
        else holders.set(tag, [name]);
      }
  return holders;
}

function componentsOf(
  links: readonly Link[],
  names: ReadonlyMap<string, PoolName>,
  leastPoints: number,
): string[][] {
  const strong = links.filter(
    ({ points, bands }) => points + Math.floor(bands / BANDS_A_POINT) >= leastPoints,
  );
  const root = new Map<string, string>();
  const rootOf = (key: string): string => {
    let at = key;
    while ((root.get(at) ?? at) !== at) at = root.get(at)!;
    return at;
  };
  for (const { a, b } of strong) root.set(rootOf(b), rootOf(a));
  const components = new Map<string, Set<string>>();
  for (const { a, b } of strong)
    for (const key of [a, b]) {
      const found = components.get(rootOf(key)) ?? new Set();
      components.set(rootOf(key), found.add(key));
    }
  return [...components.values()].flatMap((keys) => {
    const counts = new Map<number, number>();
    for (const key of keys) {
      const { place } = names.get(key)!;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    if (Math.max(...counts.values()) <= MOST_OF_A_LAB) return [[...keys]];
    const inside = strong.filter(({ a }) => keys.has(a));
    return componentsOf(inside, names, leastPoints + 1);
  });
}

function countKinds(groups: readonly RevealedGroup[]): JointCandidate['common'] {
  const bands = groups.filter(isBand);
  const addresses = groups.filter((group) => classOf(group) === 'ip').length;
  return {
    addresses,
    tokens: groups.length - bands.length - addresses,
    templates: clusterTemplates(bands, 2).length,
  };
}

function weightOf({ common: { addresses, tokens, templates } }: JoinedPools): number {
  return addresses + tokens + templates;
}

function isBand(group: RevealedGroup): boolean {
  return classOf(group) === 'template-band';
}

function classOf({ sightings }: RevealedGroup): string | undefined {
  return sightings[0]?.sighting.valueClass;
}
