import { type CellPlan, equalShares, planPopulation } from './cell-plan.js';
import { planReseller } from './honest-cells.js';

const DAYS = 7;
const ACCOUNTS = 300;

/**
 * Leave-source-out: one honest source stands behind an undeclared reseller, as 5 or 10 % of its traffic, and nowhere else
 * in the world, so no reference holds it: as many customers ask it, each in their own way, or one does. A curated list (question titles, say) there has everything that a campaign
 * has but the motive. Right answers: hidden pool, insufficient, or silence; wrong: distillation campaign.
 *
 * What it cannot show: whether a provider's own reference is as wide as a handful of corpora, or wider.
 */
export function listSourceOutCells(honest: readonly string[]): CellPlan[] {
  const variants = honest.flatMap((source) =>
    ([0.05, 0.1] as const).flatMap((share) =>
      (['natural', 'one'] as const).map((attackParameters) => ({ source, share, attackParameters })),
    ),
  );
  return variants.map(
    ({ source, share, attackParameters }): CellPlan => ({
      name: `${attackParameters === 'one' ? 'one-customer' : 'only'}-behind-reseller-${source}-${share * 100}`,
      group: 'source-out',
      what: `${source} only as ${share * 100} % of an undeclared reseller of ${ACCOUNTS} accounts${attackParameters === 'one' ? ', one customer with one set of parameters' : ''}`,
      quick: share === 0.1 && attackParameters === 'natural',
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
            attackParameters,
          }),
        ],
      }),
    }),
  );
}
