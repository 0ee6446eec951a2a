import type { SourceShare, TenantPlan, WorldPlan } from '@phalanx/testing';
import type { Materials } from '../materials.js';

/** Which table a cell belongs to. */
export type CellGroup = 'attack' | 'honest' | 'source-out' | 'null';

/** A cell of the benchmark: one kind of world, of which seeds make instances. */
export interface CellPlan {
  readonly name: string;
  readonly group: CellGroup;
  /** One line: what is in the world. */
  readonly what: string;
  /** Part of `--quick`. */
  readonly quick: boolean;
  /** Whether baselines are run on it too; they are written for clarity and not for millions of exchanges. */
  readonly baselines: boolean;
  /** Worlds run when the command line does not say. */
  readonly seeds: number;
  readonly plan: (materials: Materials, seed: string) => WorldPlan;
}

export function equalShares(names: readonly string[]): SourceShare[] {
  return names.map((name) => ({ name, weight: 1 }));
}

/**
 * The part of a world that every cell has: ordinary customers of all honest sources in equal parts, 26 requests a day
 * each on average, as in the feasibility study. `without` leaves a source out of the population.
 */
export function planPopulation(
  materials: Materials,
  seed: string,
  size: { readonly accounts: number; readonly days: number },
  without: readonly string[] = [],
): WorldPlan {
  const honest = materials.roles.honest.filter((name) => !without.includes(name));
  return {
    seed,
    days: size.days,
    sources: materials.sources,
    ordinary: { accounts: size.accounts, sources: equalShares(honest) },
    ...(materials.arrivals !== undefined && { arrivals: materials.arrivals }),
  };
}

/**
 * One tenant of every hard honest class B1 to B10, curated lists, ticket products, document pipelines and a licensed
 * distillation, sized for a world of 600 to 2,000 ordinary accounts.
 */
export function planHardTenants({ roles }: Materials): TenantPlan[] {
  return [
    { kind: 'nightly-batch', count: 1, sources: [roles.templates], requestsPerDay: 800 },
    { kind: 'evaluation-harness', count: 1, sources: [roles.benchmark], requestsPerDay: 300, size: 4 },
    { kind: 'academic', count: 2, sources: [roles.study] },
    { kind: 'template-pipeline', count: 2, sources: [roles.support], requestsPerDay: 300 },
    { kind: 'support-bot', count: 1, sources: [roles.support], requestsPerDay: 800 },
    { kind: 'red-team', count: 1, sources: [roles.redTeam], requestsPerDay: 400 },
    { kind: 'class', count: 1, sources: [roles.homework], size: 40 },
    { kind: 'declared-aggregator', count: 1, sources: roles.honest, requestsPerDay: 1200, size: 40 },
    { kind: 'launch-burst', count: 1, sources: [roles.support], requestsPerDay: 30 },
    { kind: 'judge-in-ci', count: 2, sources: [roles.judged], requestsPerDay: 250 },
    { kind: 'licensed-distillation', count: 1, sources: [roles.study], requestsPerDay: 1500, size: 40 },
    { kind: 'curated-list', count: 3, sources: [roles.curated], requestsPerDay: 200 },
    { kind: 'ticket-product', count: 3, sources: roles.tickets, requestsPerDay: 200 },
    { kind: 'document-pipeline', count: 3, sources: roles.documents, requestsPerDay: 200 },
  ];
}
