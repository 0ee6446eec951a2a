import { buildWorld } from '@phalanx/testing';
import { describe, expect, it } from 'vitest';
import { loadMaterials } from '../materials.js';
import { isCampaignClass } from '../score.js';
import { assignRoles, BUILT_IN_SPLIT, PUBLIC_SPLIT, type SplitName } from '../split.js';
import type { CellPlan } from './cell-plan.js';
import { listCells } from './register.js';

const SPLITS: readonly SplitName[] = ['development', 'held-out'];

describe('the split', () => {
  it.each([PUBLIC_SPLIT, BUILT_IN_SPLIT])('puts no source on both sides', (table) => {
    const names = SPLITS.flatMap((split) => [...table[split].honest, ...table[split].attack]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('never lets a development role name a held-out source', () => {
    for (const [builtIn, table] of [
      [false, PUBLIC_SPLIT],
      [true, BUILT_IN_SPLIT],
    ] as const) {
      const roles = Object.values(assignRoles('development', builtIn)).flat();
      const held = [...table['held-out'].honest, ...table['held-out'].attack];
      expect(roles.filter((name) => held.includes(name))).toEqual([]);
    }
  });
});

describe.each(SPLITS)('%s cells', (split) => {
  const materials = loadMaterials({ split });
  const cells = listCells(materials);
  const group = (name: CellPlan['group']): CellPlan[] => cells.filter((cell) => cell.group === name);

  it('have unique names and plans that the simulator accepts by name', () => {
    expect(new Set(cells.map(({ name }) => name)).size).toBe(cells.length);
    const known = new Set(materials.sources.map(({ name }) => name));
    for (const cell of cells) {
      const plan = cell.plan(materials, '0');
      const named = [
        ...plan.ordinary.sources,
        ...(plan.pools ?? []).flatMap((pool) => [...pool.attackSources, ...pool.coverSources]),
      ].map(({ name }) => name);
      for (const name of [...named, ...(plan.tenants ?? []).flatMap((tenant) => tenant.sources)])
        expect(known).toContain(name);
    }
  });

  it('have a campaign in every attack cell and in no other', () => {
    for (const cell of cells) {
      const hostile = (cell.plan(materials, '0').pools ?? []).filter((pool) => isCampaignClass(pool.class));
      expect(hostile).toHaveLength(cell.group === 'attack' ? 1 : 0);
    }
  });

  it('differ from attack cells in what honest products ask, not in who carries it', () => {
    const plans = new Map(cells.map((cell) => [cell.name, cell.plan(materials, '0')]));
    for (const cover of ['lru', 'sticky', 'pinned'])
      for (const share of [5, 10]) {
        const attack = plans.get(`${cover}-mixed-300-${share}`)!;
        for (const name of ['tickets', 'documents', 'ten-tickets', 'ten-documents']) {
          const honest = plans.get(`reseller-${name}-${cover}-300-${share}`)!;
          const { name: pool, class: own, attackSources, products, ...rest } = honest.pools![0]!;
          expect(own).toBe('aggregator-undeclared');
          expect(products!.customers).toBe(name.startsWith('ten') ? 10 : 1);
          expect(attack.pools![0]).toMatchObject(rest);
          expect(honest.ordinary).toEqual(attack.ordinary);
        }
      }
  });

  it('keep a left-out source out of population and cover', () => {
    for (const cell of group('source-out')) {
      const plan = cell.plan(materials, '0');
      const [pool] = plan.pools!;
      const left = pool!.attackSources[0]!.name;
      const rest = [...plan.ordinary.sources, ...pool!.coverSources].map(({ name }) => name);
      expect(rest).not.toContain(left);
    }
  });

  it('build a null world with every hard honest class and nobody under one hand', () => {
    const world = buildWorld(group('null')[0]!.plan(materials, '0'));
    const classes = new Set(world.labels.map((label) => label.class));
    for (let b = 1; b <= 10; b++) expect(classes).toContain(`B${b}`);
    for (const name of ['curated-list', 'ticket-product', 'document-pipeline'])
      expect(classes).toContain(name);
    expect(classes).toContain('B10-licensed');
    expect(world.labels.every(({ campaign }) => campaign === '')).toBe(true);
  });
});
