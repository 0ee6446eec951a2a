import { HYDRA_DEFAULTS, type HydraPlan, planAdaptive } from '@phalanx/testing';
import type { Materials } from '../materials.js';
import { type CellPlan, equalShares, planPopulation } from './cell-plan.js';

const DAYS = 7;
/** Which sources a campaign draws on: number i of the split's attack sources, or all in equal parts. */
type Demand = number | 'mixed';

interface AttackShape {
  readonly accounts: number;
  /** Ordinary accounts for one account of the pool. */
  readonly population: number;
  readonly share: number;
  readonly cover: 'lru' | 'sticky' | 'pinned';
  readonly demand: Demand;
  /** Default 7. */
  readonly days?: number;
  readonly settings?: Partial<HydraPlan>;
}

/**
 * The campaigns of the feasibility study's table H4 and their neighbours: 300 or 1,000 accounts among 6 to 19 times as
 * many, 5 or 10 % attack, a seven-day world (the columns for day 1 and 3 are alarms by then); and 25,000 among as many for
 * two days. The pool carries relay
 * headers frozen for each account and cards shared by three, unless `careful`: then nothing is shared beyond chance.
 *
 * What it cannot show: whether real resellers' customers resemble the population as these do (both draw on the same
 * corpora), and whether a real thief's infrastructure is as careful, more so, or less.
 */
export function listAttackCells(attackSources: number): CellPlan[] {
  const cells: CellPlan[] = [];
  const add = (name: string, shape: AttackShape, quick = false): void => {
    cells.push({
      name,
      group: 'attack',
      what: `${shape.accounts} accounts among ${shape.population * shape.accounts}, ${shape.share * 100} % attack, cover ${shape.cover}, ${shape.days ?? DAYS} days`,
      quick,
      baselines: shape.accounts <= 300 && shape.population <= 6,
      seeds: 3,
      plan: (materials, seed) => planAttack(materials, seed, shape),
    });
  };
  for (const accounts of [300, 1000])
    for (const share of [0.05, 0.1]) {
      const base = { accounts, population: 6, share } as const;
      const tail = `${accounts}-${share * 100}`;
      const small = accounts === 300 && share === 0.1;
      for (const cover of ['lru', 'sticky', 'pinned'] as const)
        add(`${cover}-mixed-${tail}`, { ...base, cover, demand: 'mixed' }, small);
      for (let demand = 0; demand < attackSources; demand++) {
        add(`lru-source${demand + 1}-${tail}`, { ...base, cover: 'lru', demand }, small);
        add(`pinned-source${demand + 1}-${tail}`, { ...base, cover: 'pinned', demand });
      }
      for (const carefulness of [1, 3] as const)
        add(`lru-mixed-careful${carefulness}-${tail}`, {
          ...base,
          cover: 'lru',
          demand: 'mixed',
          settings: { carefulness, ...(carefulness === 3 && { fingerprints: 'natural' }) },
        });
      add(
        `pinned-mixed-careful3-${tail}`,
        {
          ...base,
          cover: 'pinned',
          demand: 'mixed',
          settings: { carefulness: 3, fingerprints: 'natural', attackParameters: 'natural' },
        },
        small,
      );
      add(
        `adaptive-${tail}`,
        { ...base, cover: 'pinned', demand: 'mixed', settings: adaptiveSettings() },
        small,
      );
    }
  for (const cover of ['lru', 'pinned'] as const)
    add(`${cover}-mixed-300-5-among-19x`, {
      accounts: 300,
      population: 19,
      share: 0.05,
      cover,
      demand: 'mixed',
    });
  for (const cover of ['lru', 'sticky', 'pinned'] as const)
    for (const demand of ['mixed', ...Array.from({ length: attackSources }, (_, i) => i)] as Demand[])
      add(`${cover}-${demand === 'mixed' ? demand : `source${demand + 1}`}-25000-5`, {
        accounts: 25_000,
        population: 1,
        share: 0.05,
        cover,
        demand,
        days: 2,
      });
  return cells;
}

function planAttack(materials: Materials, seed: string, shape: AttackShape) {
  const { roles } = materials;
  const sources = shape.demand === 'mixed' ? roles.mixed : [roles.attack[shape.demand]!];
  const pool: HydraPlan = {
    ...HYDRA_DEFAULTS,
    accounts: shape.accounts,
    attackShare: shape.share,
    cover: shape.cover,
    attackSchedule: shape.cover === 'sticky' ? 'sticky' : 'lru',
    attackSources: equalShares(sources),
    coverSources: equalShares(roles.honest),
    ...shape.settings,
  };
  const size = { accounts: shape.population * shape.accounts, days: shape.days ?? DAYS };
  return { ...planPopulation(materials, seed, size), pools: [pool] };
}

/** The adaptive thief's settings, without those that the cell decides. */
function adaptiveSettings(): Partial<HydraPlan> {
  const {
    name,
    cover,
    class: labelClass,
    disguise,
    ...rest
  } = planAdaptive({ attackSources: [], coverSources: [] });
  return {
    name,
    cover,
    class: labelClass,
    disguise,
    attackSchedule: rest.attackSchedule,
    fingerprints: rest.fingerprints,
    attackParameters: rest.attackParameters,
    carefulness: rest.carefulness,
    elicitationShare: rest.elicitationShare,
  };
}
