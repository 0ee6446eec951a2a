import { type ExchangeSample, packShape, TOPIC_BYTES } from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { chooseComponents } from './component-choice.js';
import { Reference } from './reference.js';

const ALL = { content: true, metadata: true };
const FAMILIES = 40;

interface Row {
  readonly account: number;
  /** One of 40 ways to begin and end. */
  readonly look: number;
  readonly parameters: number;
}

function sampleOf(rows: readonly Row[], firstPrompt = 1): ExchangeSample {
  const topics = new Uint8Array(TOPIC_BYTES * rows.length);
  const words = new DataView(topics.buffer);
  rows.forEach((_, row) => {
    words.setUint16(row * TOPIC_BYTES, 1 + ((firstPrompt + row) % 60_000), true);
  });
  const zeros = () => new BigUint64Array(rows.length);
  return {
    account: BigUint64Array.from(rows, ({ account }) => BigInt(account)),
    shape: Uint32Array.from(rows, ({ look }) =>
      packShape({
        opening: (['question', 'auxiliary', 'imperative', 'i'] as const)[look % 4]!,
        startsUpper: true,
        ending: Math.floor(look / 4),
        octave: 6,
        lines: 0,
      }),
    ),
    intents: new Uint32Array(rows.length),
    ok: new Uint8Array(rows.length).fill(1),
    promptHash: BigUint64Array.from(rows, (_, row) => BigInt(firstPrompt + row)),
    topics,
    parameters: BigUint64Array.from(rows, ({ parameters }) => BigInt(parameters)),
    systemHash: zeros(),
  } as Partial<ExchangeSample> as ExchangeSample;
}

const random = new Random(3);
const anyLook = () => random.integer(FAMILIES);
/** Two hundred strangers, each with a few looks and parameters of their own. */
const strangers = Array.from({ length: 6_000 }, (_, i) => ({
  account: 1000 + (i % 200),
  look: (7 * (i % 200) + random.integer(3)) % FAMILIES,
  parameters: 50 + (i % 200),
}));
const reference = new Reference(sampleOf(strangers, 100_000));

it('knows a mixture of customers from one customer and from one list, however few prompts there are', () => {
  const all = reference.without(new Set());
  for (const n of [60, 300, 2_000]) {
    const rows = (look: () => number) =>
      sampleOf(Array.from({ length: n }, () => ({ account: 1, look: look(), parameters: 1 })));
    const every = Array.from({ length: n }, (_, row) => row);
    expect(all.likeness(rows(anyLook), every), `${n} of many`).toBeGreaterThan(0.7);
    const few = all.likeness(
      rows(() => random.integer(4)),
      every,
    );
    expect(few, `${n} of one`).toBeLessThan(0.6);
  }
});

it('takes a signature that stands for a list, and not one that a relay sets for all its customers', () => {
  const pool = Array.from({ length: 4_000 }, (_, i) => ({
    account: 1 + (i % 50),
    look: i % 5 === 0 ? random.integer(3) : anyLook(),
    parameters: i % 5 === 0 ? 7 : 8,
  }));
  const members = new Set(Array.from({ length: 50 }, (_, a) => BigInt(a + 1)));
  const chosen = chooseComponents(sampleOf(pool), reference, members, ALL).flatMap((choice) =>
    choice.component.kind === 'signature'
      ? [{ parameters: choice.component.parameters, promising: choice.promising, share: choice.share }]
      : [],
  );
  expect(chosen).toEqual([
    { parameters: 8n, promising: false, share: 0.8 },
    { parameters: 7n, promising: true, share: 0.2 },
  ]);
});
