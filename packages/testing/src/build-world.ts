import { type ArrivalModel, builtInArrivals } from './arrival-clock.js';
import { checkInteger, checkRange, planError } from './error.js';
import { addHydra } from './hydra.js';
import type { HydraPlan } from './hydra-plan.js';
import type { PromptSource } from './prompt-source.js';
import { addOrdinary, type OrdinaryPlan } from './tenants/ordinary.js';
import { TENANTS } from './tenants/register.js';
import { checkTenantPlan, type TenantPlan } from './tenants/tenant-plan.js';
import type { World } from './world.js';
import { WorldBuilder } from './world-builder.js';

/** Everything that a world follows from; equal plans give equal worlds, byte by byte. */
export interface WorldPlan {
  readonly seed: string;
  /** Start, milliseconds since the epoch; whole days are counted from here. Default 2026-02-02T00:00:00Z, a Monday. */
  readonly startMs?: number;
  /** 1..45. */
  readonly days: number;
  /** The corpora; ordinary, tenants and pools name theirs by name. */
  readonly sources: readonly PromptSource[];
  readonly ordinary: OrdinaryPlan;
  readonly tenants?: readonly TenantPlan[];
  readonly pools?: readonly HydraPlan[];
  /** Day on which a new model comes out; default never. */
  readonly releaseDay?: number;
  /** Default: the built-in clocks. */
  readonly arrivals?: ArrivalModel;
}

/** @throws PhalanxError `TESTING_PLAN` for a plan that cannot be built. */
export function buildWorld(plan: WorldPlan): World {
  const startMs = plan.startMs ?? Date.UTC(2026, 1, 2);
  checkInteger('days', plan.days, 1, 45);
  checkInteger('startMs', startMs, 0, 8e15);
  if (plan.releaseDay !== undefined) checkRange('releaseDay', plan.releaseDay, 0, plan.days);
  const names = plan.sources.map((source) => source.name);
  if (new Set(names).size < names.length) throw planError('two sources have one name');
  if (names.length > 255) throw planError('more than 255 sources');
  const pools = plan.pools ?? [];
  if (new Set(pools.map((pool) => pool.name)).size < pools.length) throw planError('two pools have one name');
  const tenants = plan.tenants ?? [];
  // Streams are named by kind, so that a second plan of a kind would repeat the first one's draws.
  if (new Set(tenants.map((tenant) => tenant.kind)).size < tenants.length)
    throw planError('two tenant plans of one kind', 'give each kind once, with all its sources');
  for (const tenant of tenants) checkTenantPlan(tenant);
  const builder = new WorldBuilder({
    seed: plan.seed,
    startMs,
    days: plan.days,
    releaseDay: plan.releaseDay ?? Number.POSITIVE_INFINITY,
    arrivals: plan.arrivals ?? builtInArrivals,
    sources: plan.sources,
  });
  addOrdinary(builder, plan.ordinary);
  for (const tenant of tenants) TENANTS[tenant.kind](builder, tenant);
  for (const pool of pools) addHydra(builder, pool);
  return builder.finish();
}
