import { drawCloud } from '../network-pool.js';
import { makePersona, tasteOfSource } from '../persona.js';
import { drawToken } from '../sign-up.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/** B10, second half: distillation under contract: `size` keys (default 20) of one organisation, declared. */
export function addLicensedDistillations(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B10-licensed', i);
    const size = plan.size ?? 20;
    const shared = {
      organisationId: drawToken(random, 'org-'),
      paymentFingerprint: drawToken(random, 'card-'),
    };
    const tastes = plan.sources.map((name) => tasteOfSource(builder, builder.findSource(name)));
    for (let key = 0; key < size; key++) {
      const account = addCustomer(builder, builder.random('B10-licensed', i, key), {
        label: 'B10-licensed',
        network: drawCloud(random),
        shared,
        volume: (plan.requestsPerDay ?? 4000) / size,
        machine: true,
        persona: () => [
          makePersona(builder, tastes, {
            reaskShare: 0,
            parameters: builder.internParameters({ temperature: 0.7, max_tokens: 4096 }),
          }),
        ],
      });
      builder.accounts[account]!.declaration = 'licensed-distillation';
    }
  }
}
