import type { ExchangeSample } from '@phalanx/domain';
import { createSketcher, SKETCH_KEY_BYTES } from '@phalanx/sketch';
import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import type { Component } from './component.js';
import { describeOneJob } from './one-job.js';

const sketcher = createSketcher(new Uint8Array(SKETCH_KEY_BYTES).fill(9));
const EVERYTHING: Component = { kind: 'form', name: 'all', family: 0, matches: () => true };

interface Request {
  readonly text: string;
  readonly parameters?: bigint;
  readonly systemHash?: bigint;
}

function sampleOf(requests: readonly Request[]): ExchangeSample {
  const sketches = requests.map(({ text }) => {
    const { hash, minhash, topics, shape } = sketcher.sketchPrompt(text);
    return { hash, minhash: [...minhash], topics: [...topics], shape };
  });
  return {
    account: new BigUint64Array(requests.length),
    ok: new Uint8Array(requests.length).fill(1),
    shape: Uint32Array.from(sketches, ({ shape }) => shape),
    intents: new Uint32Array(requests.length),
    promptHash: BigUint64Array.from(sketches, ({ hash }) => hash),
    minhash: Uint8Array.from(sketches.flatMap(({ minhash }) => minhash)),
    topics: Uint8Array.from(sketches.flatMap(({ topics }) => topics)),
    parameters: BigUint64Array.from(requests, ({ parameters = 1n }) => parameters),
    systemHash: BigUint64Array.from(requests, ({ systemHash = 0n }) => systemHash),
  } as Partial<ExchangeSample> as ExchangeSample;
}

const random = new Random(4);
/** Twenty made-up words out of three thousand, the common ones often. */
function passage(): string {
  return Array.from({ length: 20 }, () => `w${Math.floor(3000 * random.uniform() ** 2).toString(36)}x`).join(
    ' ',
  );
}
const write = (count: number, dress: (text: string) => Request): Request[] =>
  Array.from({ length: count }, () => dress(passage()));

const answer = (requests: readonly Request[]) => describeOneJob(sampleOf(requests), EVERYTHING);
const TEMPLATE = 'are cast from one template';
const MATERIAL = 'are material for one instruction that stands beside them';

describe('one job over changing material', () => {
  it('is not a list of questions or orders that no template ties', () => {
    expect(answer(write(300, (text) => ({ text: `How ${text}?` })))).toBeNull();
    const verbs = ['Write', 'Explain', 'List', 'Compare'];
    expect(answer(write(300, (text) => ({ text: `${verbs[random.integer(4)]} ${text}` })))).toBeNull();
  });

  it.each([
    ['in front', (text: string) => `Name the people in the following article: ${text}`],
    ['at the end', (text: string) => `${text}\nName the people in the article above.`],
    ['of one word', (text: string) => `${text.split(' ').slice(0, 6).join(' ')}\nSummarise.`],
  ])('is what one instruction %s ties', (_, dress) => {
    expect(answer(write(300, (text) => ({ text: dress(text) })))).toBe(TEMPLATE);
  });

  it('is bare material under one system prompt, but not requests under one', () => {
    const under = (text: string) => ({ text, systemHash: 5n });
    expect(answer(write(300, (text) => under(`The ${text}.`)))).toBe(MATERIAL);
    expect(answer(write(300, (text) => ({ text: `The ${text}.` })))).toBeNull();
    expect(answer(write(300, (text) => under(`How ${text}?`)))).toBeNull();
  });

  it('is seen in a third of what several senders mix, not in a tenth', () => {
    const job = (count: number) =>
      write(count, (text) => ({ text: `Name the people in: ${text}`, parameters: 2n }));
    const others = write(200, (text) => ({
      text: `How ${text}?`,
      parameters: BigInt(random.integer(5)) + 3n,
    }));
    expect(answer([...others, ...job(120)])).toBe(TEMPLATE);
    expect(answer([...others, ...job(22)])).toBeNull();
  });

  it('is not told from fewer than twenty prompts, from copies, or without lanes by wording', () => {
    const dressed = (text: string) => ({ text: `Name the people in the following article: ${text}` });
    expect(answer(write(19, dressed))).toBeNull();
    const { minhash: _, ...bare } = sampleOf(write(300, (text) => ({ text: `How ${text}?` })));
    expect(describeOneJob(bare, EVERYTHING)).toBeNull();
    const copied = `How ${passage()}?`;
    expect(
      answer(write(40, (text) => ({ text: random.bernoulli(0.5) ? copied : `How ${text}?` }))),
    ).toBeNull();
  });
});
