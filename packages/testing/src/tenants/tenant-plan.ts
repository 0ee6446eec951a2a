import { checkInteger, checkRange, planError } from '../error.js';

/** Hard honest customers; the key is the kind's name, one file each. */
export const TENANT_KINDS = [
  'nightly-batch',
  'evaluation-harness',
  'academic',
  'template-pipeline',
  'support-bot',
  'red-team',
  'class',
  'declared-aggregator',
  'launch-burst',
  'judge-in-ci',
  'licensed-distillation',
  'curated-list',
  'ticket-product',
  'document-pipeline',
] as const;
export type TenantKind = (typeof TENANT_KINDS)[number];

/** So many tenants of one kind. */
export interface TenantPlan {
  readonly kind: TenantKind;
  /** Tenants; what a tenant is, is the kind's matter (a key, a fleet of keys, a class). */
  readonly count: number;
  /** Source names to draw on; each tenant takes one unless the kind says otherwise. */
  readonly sources: readonly string[];
  /** Mean requests per day of one tenant; each kind has its default. */
  readonly requestsPerDay?: number;
  /** Keys or people of one tenant, where the kind has several; each kind has its default. */
  readonly size?: number;
}

/** @throws PhalanxError `TESTING_PLAN`. */
export function checkTenantPlan(plan: TenantPlan): void {
  if (!TENANT_KINDS.includes(plan.kind)) throw planError(`no tenant kind ${plan.kind}`);
  checkInteger(`${plan.kind}.count`, plan.count, 0, 100_000);
  if (plan.count > 0 && plan.sources.length === 0) throw planError(`${plan.kind}.sources is empty`);
  if (plan.requestsPerDay !== undefined)
    checkRange(`${plan.kind}.requestsPerDay`, plan.requestsPerDay, 0.01, 1e6);
  if (plan.size !== undefined) checkInteger(`${plan.kind}.size`, plan.size, 1, 100_000);
}
