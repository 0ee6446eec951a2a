import { type CellPlan, planHardTenants, planPopulation } from './cell-plan.js';
import { planReseller } from './honest-cells.js';

const DAYS = 5;

/**
 * Attack-free worlds for calibration: 600 ordinary accounts and every hard honest class, five days. The share of such
 * worlds with any false finding is what alpha promises to bound. The second cell has two true undeclared resellers of 60
 * accounts besides: finding them is right, naming them a campaign is not.
 *
 * What they cannot show: the null holds for customers as the simulator draws them. 200 worlds without a false finding
 * bound the rate at 1.8 % (95 %), and no number of simulated worlds says anything about a kind of customer not in them.
 */
export function listNullCells(): CellPlan[] {
  return [
    {
      name: 'null',
      group: 'null',
      what: '600 ordinary accounts and every hard honest class, no pool under one hand',
      quick: true,
      baselines: false,
      seeds: 200,
      plan: (materials, seed) => ({
        ...planPopulation(materials, seed, { accounts: 600, days: DAYS }),
        tenants: planHardTenants(materials),
      }),
    },
    {
      name: 'null-with-resellers',
      group: 'null',
      what: 'the same with two undeclared honest resellers of 60 accounts',
      quick: false,
      baselines: false,
      seeds: 50,
      plan: (materials, seed) => ({
        ...planPopulation(materials, seed, { accounts: 600, days: DAYS }),
        tenants: planHardTenants(materials),
        pools: (['lru', 'sticky'] as const).map((cover) =>
          planReseller(materials, { name: `reseller-${cover}`, accounts: 60, cover }),
        ),
      }),
    },
  ];
}
