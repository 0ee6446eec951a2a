import { drawCloud } from '../network-pool.js';
import { makePersona, type Persona, tasteOfSource } from '../persona.js';
import { hashString, type Random } from '../random.js';
import type { WorldBuilder } from '../world-builder.js';
import { addCustomer } from './ordinary.js';
import type { TenantPlan } from './tenant-plan.js';

/** What a pipeline wants of each document; `{}` stands for the document. */
export const DOCUMENT_TASKS: readonly string[] = [
  'Summarise the following article for our newsletter in two sentences.\n\n{}',
  'Classify this support mail as complaint, question, praise or other.\n\nMail:\n{}\n\nLabel:',
  'Extract the company names from the text below as a JSON list.\n---\n{}\n---',
  'Translate the text into German. Keep names as they are.\n\n{}',
  'Write a headline of at most eight words for this text:\n{}',
  'List the dates and places mentioned below, one a line.\n\n{}',
  'Is the tone of this text positive, neutral or negative? Answer with one word.\n\n{}',
  'Give five keywords for our archive, separated by commas.\nText: {}\nKeywords:',
  'Shorten the text to a third for readers on a phone.\n\n{}',
  'Does the text below name a person? Answer yes or no.\n\n{}',
];

/** A batch job over documents on one key: one instruction, one setting, a document never twice. */
export function addDocumentPipelines(builder: WorldBuilder, plan: TenantPlan): void {
  for (let i = 0; i < plan.count; i++) {
    const random = builder.random('document-pipeline', i);
    addCustomer(builder, random, {
      label: 'document-pipeline',
      network: drawCloud(random),
      volume: random.lognormal(plan.requestsPerDay ?? 800, 0.8),
      machine: true,
      persona: () => [drawDocumentPipeline(builder, plan.sources, i, random)],
    });
  }
}

/** One job. Ten jobs of consecutive numbers have ten instructions. */
export function drawDocumentPipeline(
  builder: WorldBuilder,
  sources: readonly string[],
  number: number,
  random: Random,
): Persona {
  const source = builder.findSource(random.choice(sources));
  const task = DOCUMENT_TASKS[(hashString(builder.seed) + number) % DOCUMENT_TASKS.length]!;
  const [prefix, suffix] = task.split('{}');
  return makePersona(builder, [tasteOfSource(builder, source)], {
    reaskShare: 0,
    dresses: [builder.internDress({ prefix: prefix!, suffix: suffix! })],
    system: builder.internSystem(`Document job ${random.integer(1000, 99_999)}. Output the result only.`),
    parameters: builder.internParameters({ temperature: 0, max_tokens: random.choice([64, 200, 400]) }),
    streamed: false,
    meanTurns: 1,
  });
}
