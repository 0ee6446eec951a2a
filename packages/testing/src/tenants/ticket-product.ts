import { drawParameters } from '../habits.js';
import { drawCloud } from '../network-pool.js';
import { makePersona, type Persona, tasteOfSource } from '../persona.js';
import { hashString, type Random } from '../random.js';
import { TICKET_ID_STYLES, TICKET_TEXTS } from '../ticket-form.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/** A product that puts people's requests into a template with a number of its own for each, on one key. */
export function addTicketProducts(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('ticket-product', i);
    addCustomer(builder, random, {
      label: 'ticket-product',
      network: drawCloud(random),
      volume: random.lognormal(plan.requestsPerDay ?? 800, 0.8),
      persona: () => [drawTicketProduct(builder, plan.sources, i, random)],
    });
  }
}

/** Everybody who writes to one product. Ten products of consecutive numbers have ten templates. */
export function drawTicketProduct(
  builder: WorldBuilder,
  sources: readonly string[],
  number: number,
  random: Random,
): Persona {
  const source = builder.findSource(random.choice(sources));
  return makePersona(builder, [tasteOfSource(builder, source)], {
    ticket: {
      text: TICKET_TEXTS[(hashString(builder.seed) + number) % TICKET_TEXTS.length]!,
      idStyle: random.choice(TICKET_ID_STYLES),
    },
    system: builder.internSystem(
      `You are the assistant of product ${random.integer(1000, 99_999)}. Be brief and polite.`,
    ),
    parameters: builder.internParameters({ max_tokens: 512, ...drawParameters(random) }),
    streamed: false,
    meanTurns: 1,
  });
}
