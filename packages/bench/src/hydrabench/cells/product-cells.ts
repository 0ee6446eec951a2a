import type { ProductKind } from '@phalanx/testing';
import { type CellPlan, equalShares, planPopulation } from './cell-plan.js';
import { planReseller } from './honest-cells.js';

const DAYS = 7;
const ACCOUNTS = 300;
/** Customers that share the traffic in cells of many. */
const MANY = 10;

const PRODUCTS: readonly {
  readonly name: 'tickets' | 'documents';
  readonly kind: ProductKind;
  readonly one: string;
}[] = [
  { name: 'tickets', kind: 'ticket-product', one: 'a product that numbers its requests' },
  { name: 'documents', kind: 'document-pipeline', one: 'a pipeline over distinct documents' },
];

/**
 * Honest customers whose prompts never repeat, behind an undeclared reseller as 5 or 10 % of its traffic: one customer, or
 * ten with different templates. World, scheduling and signature are an attack cell's; only what is asked differs. Right
 * answers: hidden pool, insufficient, or silence; wrong: distillation campaign.
 *
 * What they cannot show: whether real products' templates hold as few words as these, or documents as many strangers' ones.
 */
export function listProductCells(): CellPlan[] {
  const cells: CellPlan[] = [];
  for (const { name, kind, one } of PRODUCTS)
    for (const customers of [1, MANY])
      for (const cover of ['lru', 'sticky', 'pinned'] as const)
        for (const share of [0.05, 0.1])
          cells.push({
            name: `reseller-${customers === MANY ? 'ten-' : ''}${name}-${cover}-${ACCOUNTS}-${share * 100}`,
            group: 'honest',
            what: `${customers} x ${one} as ${share * 100} % of an undeclared reseller of ${ACCOUNTS} accounts, ${cover}`,
            quick: customers === 1 && share === 0.1 && cover === 'lru',
            baselines: false,
            seeds: 3,
            plan: (materials, seed) => ({
              ...planPopulation(materials, seed, { accounts: 6 * ACCOUNTS, days: DAYS }),
              pools: [
                planReseller(materials, {
                  accounts: ACCOUNTS,
                  cover,
                  attackShare: share,
                  attackSchedule: cover === 'sticky' ? 'sticky' : 'lru',
                  attackSources: equalShares(materials.roles[name]),
                  products: { kind, customers },
                }),
              ],
            }),
          });
  return cells;
}
