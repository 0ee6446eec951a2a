import type { ArrivalModel } from './arrival-clock.js';
import type { WorldPlan } from './build-world.js';
import { planError } from './error.js';
import { HYDRA_DEFAULTS, type HydraPlan, type ProductKind } from './hydra-plan.js';
import type { PromptSource } from './prompt-source.js';
import type { SourceShare } from './tenants/ordinary.js';
import type { TenantKind, TenantPlan } from './tenants/tenant-plan.js';

export const SCENARIOS = [
  'quickstart',
  'attack-free',
  'hydra-lru-5',
  'hydra-pinned-5',
  'february-2026-shape',
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** What the caller decides; the sources always, the rest where it differs from the scenario. */
export interface ScenarioOptions {
  readonly seed: string;
  readonly sources: readonly PromptSource[];
  /** Names of the sources that the attack draws on; equal parts. */
  readonly attackSources: readonly string[];
  /** Names of the sources that everybody else draws on; popularity by kind (see `SOURCE_WEIGHTS`). */
  readonly honestSources: readonly string[];
  readonly days?: number;
  readonly ordinaryAccounts?: number;
  readonly poolAccounts?: number;
  readonly attackShare?: number;
  readonly requestsPerDay?: number;
  readonly releaseDay?: number;
  readonly arrivals?: ArrivalModel;
  /** Overrides of the hostile pools. */
  readonly pool?: Partial<HydraPlan>;
}

/** How popular a kind of demand is among ordinary customers, relative; an unlisted kind weighs 0.05. */
export const SOURCE_WEIGHTS: Readonly<Record<string, number>> = {
  chat_real: 0.45,
  support_q: 0.14,
  templ_pipeline: 0.14,
  search_q: 0.12,
  homework: 0.08,
  translation: 0.06,
  redteam: 0.04,
  pipeline_doc: 0.02,
  eval_harness: 0.02,
  persona_prompt: 0.02,
  curated_q: 0.02,
};

/** Scenarios are worlds whose figures are printed elsewhere; the two kinds that never repeat are in HydraBench only. */
type ScenarioTenant = Exclude<TenantKind, ProductKind>;

/** Kinds of demand that a hard honest tenant prefers; without any of them it takes whatever honest source there is. */
const TENANT_KINDS_OF: Readonly<Record<ScenarioTenant, readonly string[]>> = {
  'nightly-batch': ['templ_pipeline', 'pipeline_doc'],
  'evaluation-harness': ['eval_harness'],
  academic: ['eval_harness', 'homework'],
  'template-pipeline': ['pipeline_doc', 'translation', 'support_q'],
  'support-bot': ['support_q'],
  'red-team': ['redteam'],
  class: ['homework', 'search_q'],
  'declared-aggregator': ['chat_real', 'search_q', 'support_q', 'templ_pipeline'],
  'launch-burst': ['chat_real', 'support_q'],
  'judge-in-ci': ['chat_real', 'templ_pipeline'],
  'licensed-distillation': [],
  'curated-list': ['curated_q', 'search_q'],
};

/** Tenants of each kind per 10,000 ordinary accounts; at least one of each. Licensed distillation is one at most. */
const TENANTS_PER_10K: Readonly<Record<ScenarioTenant, number>> = {
  'nightly-batch': 5,
  'evaluation-harness': 8,
  academic: 15,
  'template-pipeline': 20,
  'support-bot': 5,
  'red-team': 2,
  class: 1,
  'declared-aggregator': 1,
  'launch-burst': 5,
  'judge-in-ci': 10,
  'licensed-distillation': 1,
  'curated-list': 10,
};

/** Volumes of the kinds that a small world shrinks, requests a day of one tenant. */
const REQUESTS: Partial<Record<ScenarioTenant, number>> = {
  'nightly-batch': 3000,
  'evaluation-harness': 750,
  'support-bot': 2000,
  'declared-aggregator': 4000,
  'licensed-distillation': 4000,
};

interface Shape {
  readonly days: number;
  readonly ordinary: number;
  /** Honest undeclared relays, LRU and sticky: accounts each. */
  readonly relays: number;
  /** Hostile pools by accounts, one after the other. */
  readonly pools: readonly Partial<HydraPlan>[];
}

const HYDRA_5: Partial<HydraPlan> = { name: 'hydra', class: 'A2', accounts: 1000, attackShare: 0.05 };
const SHAPES: Readonly<Record<ScenarioName, Shape>> = {
  quickstart: {
    days: 5,
    ordinary: 1170,
    relays: 0,
    pools: [{ name: 'hydra', class: 'A2', accounts: 300, attackShare: 0.2, carefulness: 1 }],
  },
  'attack-free': { days: 7, ordinary: 10_000, relays: 300, pools: [] },
  'hydra-lru-5': { days: 7, ordinary: 10_000, relays: 300, pools: [{ ...HYDRA_5, cover: 'lru' }] },
  'hydra-pinned-5': {
    days: 7,
    ordinary: 10_000,
    relays: 300,
    pools: [{ ...HYDRA_5, cover: 'pinned', carefulness: 3, fingerprints: 'natural' }],
  },
  // Three campaigns of very different size, after those published in February 2026 (24,000 accounts in all), at a fifth
  // of the accounts: one asks for reasoning, one for agentic code, the largest pivots within a day of a release.
  'february-2026-shape': {
    days: 7,
    ordinary: 20_000,
    relays: 1000,
    pools: [
      {
        name: 'lab-one',
        class: 'A4',
        accounts: 250,
        attackShare: 0.5,
        elicitationShare: 0.6,
        carefulness: 1,
      },
      {
        name: 'lab-two',
        class: 'A7',
        accounts: 700,
        attackShare: 0.3,
        cover: 'sticky',
        attackSchedule: 'sticky',
        attackTurns: 8,
        attackTools: ['read_file', 'run_command', 'search'],
      },
      {
        name: 'lab-three',
        class: 'A8',
        accounts: 4000,
        attackShare: 0.2,
        releasePivot: true,
        staggerDays: 2,
      },
    ],
  },
};

/**
 * The plan of a named scenario: ordinary customers, every kind of hard honest tenant, honest undeclared relays (LRU and
 * sticky) where the scenario has room, and its hostile pools.
 *
 * @throws PhalanxError `TESTING_PLAN` for an unknown scenario or empty source lists.
 */
export function planScenario(name: ScenarioName, options: ScenarioOptions): WorldPlan {
  const shape: Shape | undefined = SHAPES[name];
  if (shape === undefined) throw planError(`no scenario ${name}`, `choose one of ${SCENARIOS.join(', ')}`);
  const honest = options.honestSources.map((source) => find(options.sources, source));
  const attack = options.attackSources.map((source) => find(options.sources, source));
  if (honest.length === 0) throw planError('honestSources is empty');
  if (attack.length === 0 && shape.pools.length > 0) throw planError('attackSources is empty');
  const days = options.days ?? shape.days;
  const accounts = options.ordinaryAccounts ?? shape.ordinary;
  const coverSources = shareByKind(honest);
  const attackSources = attack.map((source) => ({ name: source.name, weight: 1 }));
  const rate = options.requestsPerDay;
  const pool = (settings: Partial<HydraPlan>): HydraPlan => ({
    ...HYDRA_DEFAULTS,
    ...(rate !== undefined && { requestsPerAccountDay: rate }),
    attackSources,
    coverSources,
    ...settings,
  });
  const relays: HydraPlan[] =
    shape.relays === 0
      ? []
      : (['lru', 'sticky'] as const).map((cover) =>
          pool({
            name: `reseller-${cover}`,
            class: 'aggregator-undeclared',
            accounts: shape.relays,
            attackShare: 0,
            cover,
          }),
        );
  const hostile = shape.pools.map((settings) =>
    pool({
      ...settings,
      ...(options.poolAccounts !== undefined && { accounts: options.poolAccounts }),
      ...(options.attackShare !== undefined && { attackShare: options.attackShare }),
      ...options.pool,
    }),
  );
  const releaseDay =
    options.releaseDay ?? (hostile.some((plan) => plan.releasePivot) ? Math.floor(days / 2) : undefined);
  return {
    seed: options.seed,
    days,
    sources: options.sources,
    ordinary: { accounts, sources: coverSources, ...(rate !== undefined && { requestsPerDay: rate }) },
    tenants: planTenants(honest, attack, accounts),
    pools: [...relays, ...hostile],
    ...(releaseDay !== undefined && { releaseDay }),
    ...(options.arrivals !== undefined && { arrivals: options.arrivals }),
  };
}

function planTenants(
  honest: readonly PromptSource[],
  attack: readonly PromptSource[],
  accounts: number,
): TenantPlan[] {
  // A small world gets smaller tenants: among 1,000 customers the big ones would be half of all traffic.
  const small = Math.min(1, Math.max(0.1, accounts / 5000));
  const plans: TenantPlan[] = [];
  for (const kind of Object.keys(TENANTS_PER_10K) as ScenarioTenant[]) {
    const wanted = TENANT_KINDS_OF[kind];
    const fitting = honest.filter((source) => wanted.includes(source.kind));
    const sources = kind === 'licensed-distillation' ? attack : fitting.length > 0 ? fitting : honest;
    if (sources.length === 0) continue;
    const count = Math.max(1, Math.round((TENANTS_PER_10K[kind] * accounts) / 10_000));
    plans.push({
      kind,
      count: kind === 'licensed-distillation' ? 1 : count,
      sources: sources.map((source) => source.name),
      ...(small < 1 && REQUESTS[kind] !== undefined && { requestsPerDay: REQUESTS[kind] * small }),
      ...(small < 1 && kind === 'class' && { size: 30 }),
    });
  }
  return plans;
}

function shareByKind(sources: readonly PromptSource[]): SourceShare[] {
  const perKind = new Map<string, number>();
  for (const { kind } of sources) perKind.set(kind, (perKind.get(kind) ?? 0) + 1);
  return sources.map(({ name, kind }) => ({
    name,
    weight: (SOURCE_WEIGHTS[kind] ?? 0.05) / perKind.get(kind)!,
  }));
}

function find(sources: readonly PromptSource[], name: string): PromptSource {
  const source = sources.find((candidate) => candidate.name === name);
  if (source === undefined) throw planError(`no prompt source ${name}`, 'add it to sources');
  return source;
}
