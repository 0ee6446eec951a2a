import { readFileSync } from 'node:fs';
import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { testMark } from '../detect/log-p.js';
import { collectNgrams } from '../ngrams.js';
import { openPhalanxMultibit, phalanxMultibitParameters } from './phalanx-multibit.js';

const CANDIDATES = 8;

/** Text of a source that gives eight tokens of 2,000 one probability each: 2.08 nats a token. */
function writeText(
  key: Uint8Array,
  parameters: object,
  payload: bigint,
  length: number,
  random: Random,
): Int32Array {
  const mark = openPhalanxMultibit(phalanxMultibitParameters.parse(parameters), key, payload);
  const text = Int32Array.from({ length }, () => random.integer(2000));
  for (let at = mark.contextWidth; at < length; at++) {
    const tokens = new Int32Array(CANDIDATES);
    for (let i = 0, from = 0; i < CANDIDATES; i++, from += 250) tokens[i] = from + random.integer(250);
    const candidates = { tokens, logProbabilities: new Float64Array(CANDIDATES) };
    mark.reshape(text.slice(at - mark.contextWidth, at), candidates, Math.random);
    text[at] = tokens[candidates.logProbabilities.indexOf(0)]!;
  }
  return text;
}

const drawKey = (random: Random) => Uint8Array.from({ length: 16 }, () => random.integer(256));
const drawPayload = (random: Random, bits: number) =>
  BigInt.asUintN(bits, (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()));

describe('multi-bit', () => {
  it.each([
    [{ bits: 64, symbolBits: 4 }],
    [{ bits: 64, symbolBits: 7 }],
    [{ bits: 20, symbolBits: 8 }],
    [{ bits: 1, symbolBits: 1 }],
    [{ bits: 33, symbolBits: 5 }],
  ])('reads back what was written: %o', (parameters) => {
    const random = new Random(5);
    const key = drawKey(random);
    const payload = drawPayload(random, parameters.bits);
    const text = writeText(key, parameters, payload, 900, random);
    const open = phalanxMultibitParameters.parse(parameters);
    const mark = openPhalanxMultibit(open, key, payload);
    const ngrams = collectNgrams([text], mark);
    const scores = mark.readPayload(ngrams);
    const reading = scores.read();
    expect(reading.payload).toBe(payload);
    expect(reading.logP).toBeLessThan(Math.log(1e-9));
    expect(scores.testPayload(payload)).toBeCloseTo(testMark(mark.pivot, mark.read(ngrams)).logP, 9);
    expect(scores.testPayload(payload)).toBeLessThan(Math.log(1e-12));
  });

  it('finds the account among a hundred thousand from a text too short for every bit', () => {
    const random = new Random(6);
    const parameters = phalanxMultibitParameters.parse({ bits: 64 });
    const payloads = BigUint64Array.from({ length: 100_000 }, () => drawPayload(random, 64));
    let found = 0;
    let whole = 0;
    for (let i = 0; i < 30; i++) {
      const key = drawKey(random);
      const text = writeText(key, parameters, payloads[777]!, 104, random);
      const mark = openPhalanxMultibit(parameters, key);
      const scores = mark.readPayload(collectNgrams([text], mark));
      const best = scores.findPayload(payloads)!;
      if (best.index === 777 && best.logP < Math.log(1e-3)) found++;
      if (scores.read().payload === payloads[777]) whole++;
    }
    // 100 tokens at 2.08 nats: 30 of 30 when written, and the payload read whole in fewer.
    expect(found).toBeGreaterThanOrEqual(28);
    expect(whole).toBeLessThan(found);
  });

  it('is calibrated on text that repeats itself: presence, named payload, each bit', () => {
    // This repository's own prose and code: templates, tables, indentation.
    const words = ['../../../../ARCHITECTURE.md', '../../../../biome.json', '../mark.ts', '../ngrams.ts']
      .map((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
      .map((text) => text.match(/\s+|\p{L}+|[^\p{L}\s]/gu)!);
    const ids = new Map<string, number>();
    const texts = words.map((list) =>
      Int32Array.from(list, (word) => ids.get(word) ?? ids.set(word, ids.size).size - 1),
    );
    const parameters = phalanxMultibitParameters.parse({ bits: 32, contextWidth: 2 });
    const random = new Random(8);
    const keys = 1000;
    const below = { presence: 0, payload: 0, bits: 0 };
    const level = Math.log(0.02);
    const ngrams = collectNgrams(texts, openPhalanxMultibit(parameters, new Uint8Array(16)));
    const few = { ...ngrams, count: 600 };
    for (let i = 0; i < keys; i++) {
      const scores = openPhalanxMultibit(parameters, drawKey(random)).readPayload(few);
      const reading = scores.read();
      if (reading.logP <= level) below.presence++;
      if (scores.testPayload(0x12345678n) <= level) below.payload++;
      for (let bit = 0; bit < 32; bit += 4) if (reading.bitLogP[bit]! <= level) below.bits++;
    }
    // 20 expected of 1,000 and 160 of 8,000; the limits have probability below 1e-5 either side.
    for (const count of [below.presence, below.payload]) {
      expect(count).toBeLessThan(45);
      expect(count).toBeGreaterThan(4);
    }
    expect(below.bits).toBeLessThan(225);
    expect(below.bits).toBeGreaterThan(105);
  });

  it('calls a wrong bit sure as seldom as it says', () => {
    const random = new Random(9);
    const parameters = phalanxMultibitParameters.parse({ bits: 16, contextWidth: 2 });
    let wrong = 0;
    let bits = 0;
    for (let i = 0; i < 400; i++) {
      const key = drawKey(random);
      const payload = drawPayload(random, 16);
      const mark = openPhalanxMultibit(parameters, key);
      const reading = mark
        .readPayload(collectNgrams([writeText(key, parameters, payload, 30, random)], mark))
        .read();
      for (let bit = 0; bit < 16; bit++) {
        bits++;
        const isWrong = ((reading.payload ^ payload) >> BigInt(bit)) & 1n;
        if (isWrong && reading.bitLogP[bit]! <= Math.log(0.05)) wrong++;
      }
    }
    expect(wrong / bits).toBeLessThan(0.05);
    expect(wrong).toBeGreaterThan(0);
  });

  it('refuses a payload that is too long', () => {
    const parameters = phalanxMultibitParameters.parse({ bits: 8 });
    expect(() => openPhalanxMultibit(parameters, new Uint8Array(16), 256n)).toThrow('more than 8 bits');
  });
});
