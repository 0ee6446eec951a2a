import { drawCloud } from '../network-pool.js';
import { makePersona, tasteOfSource } from '../persona.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

const TASKS = [
  ['Translate the following text to {}.\n\nText: ', '\n\nTranslation:'],
  ['Classify the text below into one of: {}, other.\n---\n', '\n---\nLabel:'],
  ['Extract every {} mentioned below as a JSON list.\n\n', ''],
  ['Summarise for a {} in two sentences:\n', ''],
  ['Does this message need a {}? Answer yes or no.\nMessage: ', '\nAnswer:'],
] as const;
const OBJECTS = [
  'German',
  'French',
  'complaint',
  'question',
  'product',
  'person',
  'manager',
  'reply',
  'refund',
  'date',
];

/** B4: translation and classification: ten templates around one source, some 800 requests a day on one key. */
export function addTemplatePipelines(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('B4', i);
    const source = builder.findSource(random.choice(plan.sources));
    const dresses = Array.from({ length: 10 }, () => {
      const [prefix, suffix] = random.choice(TASKS);
      return builder.internDress({ prefix: prefix.replace('{}', random.choice(OBJECTS)), suffix });
    });
    addCustomer(builder, random, {
      label: 'B4',
      network: drawCloud(random),
      volume: random.lognormal(plan.requestsPerDay ?? 800, 0.8),
      machine: random.chance(0.5),
      persona: () => [
        makePersona(builder, [tasteOfSource(builder, source)], {
          dresses,
          streamed: false,
          meanTurns: 1,
          parameters: builder.internParameters({ temperature: 0 }),
        }),
      ],
    });
  }
}
