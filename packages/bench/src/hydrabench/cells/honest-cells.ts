import { HYDRA_DEFAULTS, type HydraPlan, type TenantKind, type TenantPlan } from '@phalanx/testing';
import type { Materials } from '../materials.js';
import { type CellPlan, equalShares, planHardTenants, planPopulation } from './cell-plan.js';

const DAYS = 7;
const ORDINARY = 1500;
/** How many times the tenants of a class stand in its own cell, against once in a null world. */
const CROWD = 5;
/** Customers of a reseller's account in cells where no single customer stands out. */
const MANY = 20;

/** What a cell does to a class of tenants beyond having five times as many of them. */
const CLASSES: readonly {
  readonly name: string;
  readonly kinds: readonly TenantKind[];
  readonly size?: number;
}[] = [
  { name: 'b1-nightly-batch', kinds: ['nightly-batch'] },
  { name: 'b2-evaluation-harness', kinds: ['evaluation-harness'], size: 40 },
  { name: 'b3-academic', kinds: ['academic'] },
  { name: 'b4-template-pipeline', kinds: ['template-pipeline'] },
  { name: 'b5-support-bot', kinds: ['support-bot'] },
  { name: 'b6-red-team', kinds: ['red-team'], size: 40 },
  { name: 'b7-class', kinds: ['class'], size: 300 },
  { name: 'b8-declared-aggregator', kinds: ['declared-aggregator'], size: 300 },
  { name: 'b9-launch-burst', kinds: ['launch-burst'] },
  { name: 'b10-judge-in-ci', kinds: ['judge-in-ci'] },
  { name: 'b10-licensed-distillation', kinds: ['licensed-distillation'], size: 300 },
  { name: 'curated-list', kinds: ['curated-list'] },
  { name: 'ticket-product', kinds: ['ticket-product'] },
  { name: 'document-pipeline', kinds: ['document-pipeline'] },
];

/**
 * Honest worlds: each hard class in number among 1,500 ordinary accounts for a week, and undeclared resellers of three
 * schedulers and two sizes, which are rightly found as hidden pools and must not be named campaigns.
 *
 * What they cannot show: a class is as various as its one file in the simulator makes it; real customers of it are more so.
 */
export function listHonestCells(): CellPlan[] {
  const cells = CLASSES.map(
    ({ name, kinds, size }): CellPlan => ({
      name,
      group: 'honest',
      what: `${CROWD} x ${kinds.join(', ')}${size === undefined ? '' : `, ${size} accounts each`}`,
      quick: true,
      baselines: true,
      seeds: 3,
      plan: (materials, seed) => ({
        ...planPopulation(materials, seed, { accounts: ORDINARY, days: DAYS }),
        tenants: planHardTenants(materials)
          .filter(({ kind }) => kinds.includes(kind))
          .map((tenant) => enlarge(tenant, size)),
      }),
    }),
  );
  for (const cover of ['lru', 'sticky', 'pinned'] as const)
    for (const accounts of [100, 300])
      cells.push({
        name: `reseller-${cover}-${accounts}`,
        group: 'honest',
        what: `an undeclared honest reseller of ${accounts} accounts, ${cover}`,
        quick: accounts === 300,
        baselines: accounts === 300,
        seeds: 3,
        plan: (materials, seed) => ({
          ...planPopulation(materials, seed, { accounts: ORDINARY, days: DAYS }),
          pools: [planReseller(materials, { accounts, cover })],
        }),
      });
  for (const cover of ['lru', 'sticky', 'pinned'] as const)
    for (const customersPerAccount of cover === 'pinned' ? [1] : [HYDRA_DEFAULTS.customersPerAccount, MANY])
      cells.push({
        name: `reseller-stamped-${customersPerAccount === MANY ? 'many-' : ''}${cover}-300`,
        group: 'honest',
        what: `an undeclared honest reseller of 300 accounts with ${customersPerAccount} customers each, ${cover}, that sets the parameters of every request`,
        quick: false,
        baselines: false,
        seeds: 3,
        plan: (materials, seed) => ({
          ...planPopulation(materials, seed, { accounts: ORDINARY, days: DAYS }),
          pools: [planReseller(materials, { accounts: 300, cover, customersPerAccount, stamped: true })],
        }),
      });
  return cells;
}

/** With a size of its own a class has two large tenants instead of five small ones, for 20 requests an account and day. */
function enlarge(tenant: TenantPlan, size: number | undefined): TenantPlan {
  if (size === undefined) return { ...tenant, count: tenant.count * CROWD };
  return {
    ...tenant,
    count: 2,
    size,
    ...(tenant.requestsPerDay !== undefined &&
      tenant.kind !== 'evaluation-harness' && { requestsPerDay: 20 * size }),
  };
}

/** A pool without a thief. */
export function planReseller({ roles }: Materials, settings: Partial<HydraPlan>): HydraPlan {
  return {
    ...HYDRA_DEFAULTS,
    name: 'reseller',
    class: 'aggregator-undeclared',
    attackShare: 0,
    attackSources: [],
    coverSources: equalShares(roles.honest),
    ...settings,
  };
}
