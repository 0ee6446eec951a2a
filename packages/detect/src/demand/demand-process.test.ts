import { type ExchangeSample, TOPIC_BYTES } from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import type { ChosenComponent } from './component-choice.js';
import { DemandProcess } from './demand-process.js';

const CHOSEN: ChosenComponent = {
  component: { kind: 'form', name: 'anything', family: 1, matches: () => true },
  share: 1,
  promising: true,
  lambda0: 2e-5,
};

/** Prompts as their numbers on some list: equal numbers are equal prompts. */
function sampleOf(numbers: readonly number[]): ExchangeSample {
  const topics = new Uint8Array(TOPIC_BYTES * numbers.length);
  const words = new DataView(topics.buffer);
  numbers.forEach((number, row) => {
    words.setUint16(row * TOPIC_BYTES, 1 + (number % 50_000), true);
    words.setUint16(row * TOPIC_BYTES + 2, 1 + Math.floor(number / 50_000), true);
  });
  return {
    account: new BigUint64Array(numbers.length).fill(1n),
    shape: new Uint32Array(numbers.length),
    intents: new Uint32Array(numbers.length),
    ok: new Uint8Array(numbers.length).fill(1),
    promptHash: BigUint64Array.from(numbers, (number) => BigInt(1 + number)),
    topics,
  } as Partial<ExchangeSample> as ExchangeSample;
}

function watch(numbers: readonly number[]): DemandProcess {
  const process = new DemandProcess(CHOSEN, sampleOf(numbers.slice(0, 500)));
  for (let from = 500; from < numbers.length; from += 1_000)
    process.add(sampleOf(numbers.slice(from, from + 1_000)));
  return process;
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('the deficit of near-repeats', () => {
  it('grows with a list that never comes back, as fast with the ten-thousandth prompt as with the first thousand', () => {
    const [short, long] = [watch(upTo(4_000)), watch(upTo(12_000))];
    expect(short.logE).toBeGreaterThan(10);
    expect(long.logE).toBeGreaterThan(3 * short.logE);
    expect(long.repeats).toBe(0);
  });

  it('says nothing of a list that is worked through every night, however long it is', () => {
    const nightly = watch(upTo(16_000).map((i) => i % 8_000));
    expect(nightly.repeats).toBe(0);
    expect(nightly.logE).toBeLessThanOrEqual(0);
  });

  it.each([
    ['their own, one request in a hundred', () => 0.01],
    ["a stranger's, at the rate a pair", (m: number) => 1 - Math.exp(-CHOSEN.lambda0 * m)],
  ])('does not grow under people who ask again: %s', (_, again) => {
    let alarms = 0;
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const asks: number[] = [];
      for (let i = 0; i < 3_000; i++) {
        const m = Math.min(i, 500);
        const old = m > 0 && random.uniform() < again(m);
        asks.push(old ? asks[i - 1 - random.integer(m)]! : i);
      }
      if (watch(asks).logE > Math.log(20)) alarms++;
    }
    // An e-value exceeds 20 with probability 0.05 at most: of 40, more than 6 would be a one in a hundred chance.
    expect(alarms).toBeLessThanOrEqual(6);
  });
});
