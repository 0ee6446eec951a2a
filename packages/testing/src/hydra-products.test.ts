import { describe, expect, it } from 'vitest';
import { buildWorld } from './build-world.js';
import { buildBuiltInSources } from './built-in-grammar.js';
import { RowFlag } from './exchange-columns.js';
import { HYDRA_DEFAULTS, type HydraPlan, type ProductKind } from './hydra-plan.js';
import type { World } from './world.js';

const sources = buildBuiltInSources({ names: ['chat', 'support-question'], size: 800 });
const build = (products: HydraPlan['products'], cover: HydraPlan['cover'] = 'lru'): World =>
  buildWorld({
    seed: 'products',
    days: 3,
    sources,
    ordinary: { accounts: 0, sources: [{ name: 'chat', weight: 1 }] },
    pools: [
      {
        ...HYDRA_DEFAULTS,
        class: 'aggregator-undeclared',
        accounts: 60,
        attackShare: 0.3,
        cover,
        attackSchedule: cover === 'sticky' ? 'sticky' : 'lru',
        attackSources: [{ name: 'support-question', weight: 1 }],
        coverSources: [{ name: 'chat', weight: 1 }],
        products,
      },
    ],
  });
/** Only products ask support questions here. */
const isProduct = (world: World, row: number): boolean => world.columns.source[row] === 1;

describe.each<ProductKind>(['ticket-product', 'document-pipeline'])('a reseller with a %s', (kind) => {
  it.each([1, 10])('gives %i customers the attack’s share, a signature each, and no guilt', (customers) => {
    const world = build({ kind, customers });
    const { flags, system, parameters } = world.columns;
    const rows = Array.from({ length: world.size }, (_, row) => row).filter((row) => isProduct(world, row));
    // Five Poisson deviations about 60 accounts x 26 requests x 3 days x 0.3.
    expect(Math.abs(rows.length - 1404)).toBeLessThan(5 * Math.sqrt(1404));
    expect(new Set(rows.map((row) => `${system[row]} ${parameters[row]}`)).size).toBe(customers);
    expect(new Set(rows.map((row) => system[row])).size).toBe(customers);
    expect(world.labels.some(({ attacker }) => attacker)).toBe(false);
    expect(flags.every((flag) => (flag & RowFlag.ATTACK) === 0)).toBe(true);
  });
});

describe.each(['lru', 'sticky', 'pinned'] as const)('with %s cover', (cover) => {
  it('is scheduled as the attack in its place would be', () => {
    const accounts = (world: World): number[] => {
      const { account, flags } = world.columns;
      return Array.from(account).filter(
        (_, row) => isProduct(world, row) && (flags[row]! & RowFlag.ERROR) === 0,
      );
    };
    const runs = (list: readonly number[]): number =>
      list.filter((account, i) => account === list[i - 1]).length / list.length;
    const product = accounts(build({ kind: 'document-pipeline', customers: 1 }, cover));
    const attack = accounts(build(null, cover));
    expect(new Set(product).size).toBeGreaterThan(50);
    expect(Math.abs(runs(product) - runs(attack))).toBeLessThan(0.05);
  });
});
