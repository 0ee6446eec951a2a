import { drawNetwork } from '../network-pool.js';
import { makePersona, tasteOfSource } from '../persona.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/** A customer that works off a curated list of questions and never asks twice, as titles of a question site. */
export function addCuratedLists(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('curated', i);
    const source = builder.findSource(random.choice(plan.sources));
    addCustomer(builder, random, {
      label: 'curated-list',
      network: drawNetwork(random),
      volume: random.lognormal(plan.requestsPerDay ?? 400, 0.8),
      persona: () => [
        makePersona(builder, [tasteOfSource(builder, source)], { reaskShare: 0, meanTurns: 1 }),
      ],
    });
  }
}
