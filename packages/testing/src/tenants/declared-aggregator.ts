import { drawCloud } from '../network-pool.js';
import { drawToken } from '../sign-up.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer, drawCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/**
 * B8: an honest reseller that says so: `size` keys (default 10) of one organisation, 40 customers behind each request
 * stream, every request with its end user's pseudonym.
 */
export function addDeclaredAggregators(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B8', i);
    const size = plan.size ?? 10;
    const shared = {
      organisationId: drawToken(random, 'org-'),
      paymentFingerprint: drawToken(random, 'card-'),
    };
    const sources = plan.sources.map((name) => ({ name, weight: 1 }));
    const customers = size * 40;
    const first = builder.reserveEndUsers(customers);
    const clock = builder.arrivals.drawClock(random);
    const personas = Array.from({ length: customers }, (_, c) =>
      drawCustomer(builder, { sources }, random, 'Linux', clock, { endUser: first + c, endUsers: 1 }),
    );
    for (let key = 0; key < size; key++) {
      const account = addCustomer(builder, builder.random('B8', i, key), {
        label: 'B8',
        campaign: '',
        network: drawCloud(random),
        shared,
        volume: (plan.requestsPerDay ?? 4000) / size,
        persona: () => personas,
      });
      builder.accounts[account]!.declaration = 'aggregator';
    }
  }
}
