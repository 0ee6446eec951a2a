import { ELICITATIONS } from '../dress.js';
import { fixedNetwork } from '../network-pool.js';
import { makePersona, tasteOfSource } from '../persona.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/**
 * B3: a researcher's self-consistency study: each question 40 times, one reasoning phrase, an education account, some
 * 400 requests a day from a campus.
 */
export function addAcademics(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B3', i);
    const source = builder.findSource(random.choice(plan.sources));
    addCustomer(builder, random, {
      label: 'B3',
      network: fixedNetwork('campus', random.integer(0, 40)),
      shared: {
        programme: random.chance(0.5) ? 'education' : 'research',
        emailDomain: `uni-${random.integer(1, 60)}.example`,
      },
      volume: random.lognormal(plan.requestsPerDay ?? 400, 0.8),
      persona: () => [
        makePersona(builder, [tasteOfSource(builder, source)], {
          samples: 40,
          dresses: [builder.internDress(random.choice(ELICITATIONS))],
          parameters: builder.internParameters({ temperature: 0.7, max_tokens: 512 }),
        }),
      ],
    });
  }
}
