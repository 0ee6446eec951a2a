import { drawCloud } from '../network-pool.js';
import { makePersona, tasteOfSource } from '../persona.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/** B1: an enterprise's batch job: one key, one templated source, thousands of requests a day at all hours. */
export function addNightlyBatch(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B1', i);
    const source = builder.findSource(random.choice(plan.sources));
    addCustomer(builder, random, {
      label: 'B1',
      network: drawCloud(random),
      volume: random.lognormal(plan.requestsPerDay ?? 3000, 0.6),
      machine: true,
      persona: () => [
        makePersona(builder, [tasteOfSource(builder, source)], {
          system: builder.internSystem(`Batch job ${random.integer(1, 9999)}: follow the template exactly.`),
          parameters: builder.internParameters({ temperature: 0, max_tokens: random.choice([64, 128, 256]) }),
        }),
      ],
    });
  }
}
