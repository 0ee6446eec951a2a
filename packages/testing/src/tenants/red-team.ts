import { drawCloud } from '../network-pool.js';
import { makePersona, tasteOfSource } from '../persona.js';
import { drawToken } from '../sign-up.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/** B6: a red-team firm: `size` keys (default 5) of one organisation that attack the model all day, undeclared. */
export function addRedTeams(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B6', i);
    const source = builder.findSource(random.choice(plan.sources));
    const size = plan.size ?? 5;
    const shared = {
      organisationId: drawToken(random, 'org-'),
      paymentFingerprint: drawToken(random, 'card-'),
    };
    const network = drawCloud(random);
    for (let key = 0; key < size; key++)
      addCustomer(builder, builder.random('B6', i, key), {
        label: 'B6',
        network,
        shared,
        volume: (plan.requestsPerDay ?? 600) / size,
        persona: () => [
          makePersona(builder, [tasteOfSource(builder, source)], {
            parameters: builder.internParameters({ temperature: 1 }),
          }),
        ],
      });
  }
}
