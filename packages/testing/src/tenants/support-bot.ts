import { drawCloud } from '../network-pool.js';
import { makePersona, tasteOfSource } from '../persona.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/** B5: a support bot: one key, one system prompt, `size` end users (default 5,000), whose pseudonyms half of bots pass. */
export function addSupportBots(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B5', i);
    const source = builder.findSource(random.choice(plan.sources));
    const users = plan.size ?? 5000;
    const named = random.chance(0.5);
    addCustomer(builder, random, {
      label: 'B5',
      network: drawCloud(random),
      volume: random.lognormal(plan.requestsPerDay ?? 2000, 0.6),
      persona: () => [
        makePersona(builder, [tasteOfSource(builder, source)], {
          system: builder.internSystem(
            `You are the support assistant of shop ${random.integer(100, 99_999)}. Be polite; never promise refunds.`,
          ),
          endUser: named ? builder.reserveEndUsers(users) : 0,
          endUsers: named ? users : 0,
          meanTurns: 2.5,
        }),
      ],
    });
  }
}
