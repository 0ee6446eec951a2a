import { drawCloud } from '../network-pool.js';
import { makePersona, tasteOfSource } from '../persona.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/** B10, first half: an LLM judge in a test suite: one rubric around answers, some 500 gradings a day in bursts. */
export function addJudgesInCi(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B10', i);
    const source = builder.findSource(random.choice(plan.sources));
    const dress = builder.internDress({
      prefix: `You grade answers of our assistant. Rubric ${random.integer(1, 99)}: correct, polite, under ${random.integer(50, 400)} words. Score 1 to 5.\n\nAnswer:\n`,
      suffix: '\n\nScore:',
    });
    addCustomer(builder, random, {
      label: 'B10',
      network: drawCloud(random),
      volume: random.lognormal(plan.requestsPerDay ?? 500, 0.6),
      persona: () => [
        makePersona(builder, [tasteOfSource(builder, source)], {
          dresses: [dress],
          // The suite is run again on every commit, over the same cases.
          reaskShare: 0.3,
          streamed: false,
          meanTurns: 1,
          parameters: builder.internParameters({ temperature: 0, max_tokens: 8 }),
        }),
      ],
    });
  }
}
