import type { ExchangeSample } from '@phalanx/domain';
import { createSketcher } from '@phalanx/sketch';
import { expect, it } from 'vitest';
import { candidateComponents, matchesComponent, unionOfForms } from './component.js';

const sketcher = createSketcher(new Uint8Array(32).fill(3));

/** The columns that components look at. */
function sampleOf(rows: readonly { readonly text: string; readonly parameters?: bigint }[]): ExchangeSample {
  const sketches = rows.map(({ text }) => sketcher.sketchPrompt(text));
  return {
    shape: Uint32Array.from(sketches, (sketch) => sketch.shape),
    intents: Uint32Array.from(sketches, (sketch) => sketch.intents),
    parameters: BigUint64Array.from(rows, (row) => row.parameters ?? 0n),
    systemHash: new BigUint64Array(rows.length),
  } as unknown as ExchangeSample;
}

const PROMPTS = [
  'Tom has 5 apples and buys 7 more. How many apples does Tom have?',
  'Which colour does grass have?',
  'Write a poem about rain.',
  'Write a poem about rain.\nMake it rhyme.\nUse four lines.',
  'def add(a, b):\n    return a + b',
];

it('puts every prompt into exactly one whole family', () => {
  const sample = sampleOf(PROMPTS.map((text) => ({ text })));
  const families = candidateComponents(sample).filter(
    (c) => c.kind === 'form' && !c.name.includes('characters'),
  );
  for (let row = 0; row < PROMPTS.length; row++)
    expect(
      families.filter((family) => matchesComponent(family, sample, row)),
      PROMPTS[row],
    ).toHaveLength(1);
  expect(families).toHaveLength(5);
});

it('cuts a family by length, and a union holds what its parts hold', () => {
  const texts = ['Write a poem about rain.', `Write a poem about ${'rain and '.repeat(20)}snow.`];
  const sample = sampleOf(texts.map((text) => ({ text })));
  const forms = candidateComponents(sample).filter((c) => c.kind === 'form');
  const short = forms.filter((c) => matchesComponent(c, sample, 0) && !matchesComponent(c, sample, 1));
  const long = forms.filter((c) => matchesComponent(c, sample, 1) && !matchesComponent(c, sample, 0));
  expect(short.length).toBeGreaterThan(0);
  expect(long.length).toBeGreaterThan(0);
  const both = unionOfForms([short[0]!, long[0]!]);
  expect([0, 1].every((row) => matchesComponent(both, sample, row))).toBe(true);
  expect(both.name).toBe(`${short[0]!.name}, and 1 more`);
});

it('makes a component of each frequent signature and of none that says nothing', () => {
  const rows = Array.from({ length: 300 }, (_, i) => ({
    text: PROMPTS[i % 5]!,
    parameters: i < 200 ? 0n : i < 299 ? 7n : 8n,
  }));
  const sample = sampleOf(rows);
  const signatures = candidateComponents(sample).filter((c) => c.kind === 'signature');
  expect(signatures.map((c) => c.kind === 'signature' && c.parameters)).toEqual([7n]);
  expect(rows.filter((_, row) => matchesComponent(signatures[0]!, sample, row))).toHaveLength(99);
});
