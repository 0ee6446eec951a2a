import { buildWorld } from '../build-world.js';
import { planError } from '../error.js';
import { HYDRA_DEFAULTS, type HydraPlan } from '../hydra-plan.js';
import type { PromptSource } from '../prompt-source.js';
import { planScenario } from '../scenario.js';
import type { World } from '../world.js';
import { type DealtWorld, dealAccounts, dealAll, dealExchanges } from './dealt-world.js';

export interface CoalitionPlan {
  readonly seed: string;
  readonly labs: number;
  readonly days: number;
  readonly ordinaryAccounts: number;
  readonly sources: readonly PromptSource[];
  /** What the hydra asks for. */
  readonly attackSources: readonly string[];
  /** One hand with accounts at every lab, in all `accounts` of them; null for none. */
  readonly hydra: Partial<HydraPlan> | null;
  /** Whether honest tenants who are customers of every lab are there. */
  readonly shared: boolean;
}

/** The worlds of a coalition, as dealt to each lab. */
export interface CoalitionWorld {
  readonly labs: readonly (readonly DealtWorld[])[];
  readonly hydra: World | null;
  readonly days: number;
  readonly startMs: number;
}

/** Honest tenants of every lab; sizes are for all labs together. */
const CLASS_A_LAB = 36;
const KEYS_A_LAB = 10;
const CUSTOMERS_OF_ALL = 30;

/**
 * Labs with customers of their own, drawn from different seeds, and what they share: a hand whose relay takes the accounts of all labs in
 * turn, and honest tenants who use the same things everywhere. A class of one university with an account each at one of the labs, a
 * declared aggregator with keys at each, teams that run one benchmark at each, pipelines of one product, one curated list, and
 * ordinary customers with one card, device and home at all labs.
 *
 * @throws PhalanxError `TESTING_PLAN`
 */
export function buildCoalition(plan: CoalitionPlan): CoalitionWorld {
  if (!(Number.isInteger(plan.labs) && plan.labs >= 2 && plan.labs <= 50))
    throw planError(`${plan.labs} labs`, '2 to 50');
  const named = (side: string) =>
    plan.sources.filter((source) => source.side === side).map(({ name }) => name);
  const scenario = (seed: string, ordinaryAccounts: number) =>
    planScenario('quickstart', {
      seed,
      sources: plan.sources,
      attackSources: plan.attackSources,
      honestSources: named('benign'),
      days: plan.days,
      ordinaryAccounts,
    });
  const own = Array.from({ length: plan.labs }, (_, lab) =>
    buildWorld({ ...scenario(`${plan.seed} lab ${lab}`, plan.ordinaryAccounts), pools: [] }),
  );
  const base = scenario(`${plan.seed} shared`, CUSTOMERS_OF_ALL);
  const coverSources = base.ordinary.sources;
  const attackSources = plan.attackSources.map((name) => ({ name, weight: 1 }));
  const hydra =
    plan.hydra &&
    buildWorld({
      ...base,
      seed: `${plan.seed} hydra`,
      ordinary: { ...base.ordinary, accounts: 0 },
      tenants: [],
      pools: [{ ...HYDRA_DEFAULTS, coverSources, attackSources, ...plan.hydra }],
    });
  const customers = plan.shared ? buildWorld({ ...base, tenants: [], pools: [] }) : null;
  const tenants =
    plan.shared &&
    buildWorld({
      ...base,
      seed: `${plan.seed} tenants`,
      ordinary: { ...base.ordinary, accounts: 0 },
      tenants: (base.tenants ?? [])
        .filter(({ kind }) => kind !== 'licensed-distillation' && kind !== 'red-team')
        .map((tenant) => ({
          ...tenant,
          count: tenant.kind === 'class' || tenant.kind === 'declared-aggregator' ? 1 : plan.labs,
          ...(tenant.kind === 'class' && { size: CLASS_A_LAB * plan.labs }),
          ...(tenant.kind === 'declared-aggregator' && { size: KEYS_A_LAB * plan.labs }),
        })),
      pools: [],
    });
  return {
    labs: own.map((world, lab) => [
      dealAll(world),
      ...(hydra ? [dealAccounts(hydra, lab, plan.labs)] : []),
      ...(customers ? [dealExchanges(customers, lab, plan.labs)] : []),
      ...(tenants ? [dealAccounts(tenants, lab, plan.labs)] : []),
    ]),
    hydra,
    days: plan.days,
    startMs: own[0]!.startMs,
  };
}

/** The same labs, with the same customers and shared tenants, as if the hydra had never come. */
export function withoutHydra(coalition: CoalitionWorld): CoalitionWorld {
  const labs = coalition.labs.map((parts) => parts.filter(({ world }) => world !== coalition.hydra));
  return { ...coalition, labs, hydra: null };
}
