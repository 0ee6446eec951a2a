import type { Attack } from './hydra-attack.js';
import type { HydraPlan } from './hydra-plan.js';
import { ask } from './persona.js';
import { drawDocumentPipeline } from './tenants/document-pipeline.js';
import { drawTicketProduct } from './tenants/ticket-product.js';
import type { WorldBuilder } from './world-builder.js';

const DRAW = { 'ticket-product': drawTicketProduct, 'document-pipeline': drawDocumentPipeline };

/** What honest products behind a pool ask; which of them asks next is chance. */
export function buildProductDemand(
  builder: WorldBuilder,
  plan: HydraPlan,
  { kind, customers }: NonNullable<HydraPlan['products']>,
): Attack['ask'] {
  const random = builder.random('hydra', plan.name, 'products');
  const sources = plan.attackSources.map(({ name }) => name);
  const products = Array.from({ length: customers }, (_, i) => DRAW[kind](builder, sources, i, random));
  return () => {
    const persona = random.choice(products);
    return { persona, asked: ask(builder, persona, random) };
  };
}
