import { type CellPlan, equalShares, planPopulation } from './cell-plan.js';
import { planReseller } from './honest-cells.js';

const DAYS = 7;
const ACCOUNTS = 300;

/**
 * Leave-source-out: one honest source stands behind an undeclared reseller, as 5 or 10 % of its traffic, and nowhere else
 * in the world, so no reference holds it. A curated list (question titles, say) there has everything that a campaign
 * has but the motive. Right answers: hidden pool, insufficient, or silence; wrong: distillation campaign.
 *
 * What it cannot show: whether a provider's own reference is as wide as a handful of corpora, or wider.
 */
export function listSourceOutCells(honest: readonly string[]): CellPlan[] {
  return honest.flatMap((source) =>
    [0.05, 0.1].map(
      (share): CellPlan => ({
        name: `only-behind-reseller-${source}-${share * 100}`,
        group: 'source-out',
        what: `${source} only as ${share * 100} % of an undeclared reseller of ${ACCOUNTS} accounts`,
        quick: share === 0.1,
        baselines: false,
        seeds: 3,
        plan: (materials, seed) => ({
          ...planPopulation(materials, seed, { accounts: 6 * ACCOUNTS, days: DAYS }, [source]),
          pools: [
            planReseller(materials, {
              accounts: ACCOUNTS,
              cover: 'lru',
              attackShare: share,
              attackSources: equalShares([source]),
              coverSources: equalShares(materials.roles.honest.filter((name) => name !== source)),
              attackParameters: 'natural',
            }),
          ],
        }),
      }),
    ),
  );
}
