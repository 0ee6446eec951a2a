import { boundProportionBelow, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { testMark } from '../detect/log-p.js';
import type { Mark } from '../mark.js';
import { collectNgrams } from '../ngrams.js';
import { SynthidPrf } from '../prf/synthid-hash.js';
import {
  deepmindSynthidParameters,
  openDeepmindSynthid,
  openDeepmindSynthidTest,
} from './deepmind-synthid.js';
import { hfSynthidParameters, openHfSynthid, openHfSynthidTest } from './hf-synthid.js';
import { KEYS, TOKENS, unfold } from './synthid.test.support.js';
import { maskLikeSynthid } from './synthid-mask.js';
import { openVllmSynthid, vllmSynthidParameters } from './vllm-synthid.js';

const hf = hfSynthidParameters.parse({});
const deepmind = deepmindSynthidParameters.parse({});

/** Tokens drawn from a mark's shape of 20 equally likely candidates. */
function generate(mark: Mark, length: number, random: Random): Int32Array {
  const tokens = Int32Array.from({ length: 20 }, (_, i) => i * 331);
  const text = Array.from({ length: mark.contextWidth }, () => mark.padding ?? 0);
  for (let i = 0; i < length; i++) {
    const candidates = { tokens, logProbabilities: new Float64Array(20) };
    mark.reshape(Int32Array.from(text.slice(-mark.contextWidth)), candidates, () => random.uniform());
    let left = random.uniform();
    const next = candidates.logProbabilities.findIndex((value) => (left -= Math.exp(value)) < 0);
    text.push(tokens[Math.max(0, next)]!);
  }
  return Int32Array.from(text.slice(mark.contextWidth));
}

const logPOf = (mark: Mark, text: Int32Array) => {
  const ngrams = collectNgrams([text], mark);
  return (mark.test?.(ngrams) ?? testMark(mark.pivot, mark.read(ngrams))).logP;
};

const hex = (mark: Mark) =>
  Array.from(mark.read(unfold(TOKENS, mark.contextWidth + 1)), (word) => word.toString(16));

describe('SynthID dialects', () => {
  it('give the words that transformers 5.23 gives', () => {
    expect(hex(openHfSynthid(hf, KEYS))).toEqual([
      '2755af5c',
      '1badc090',
      '10d15fa',
      '10102003',
      '3606ede1',
      'c1cf0c2',
      '1c6b1183',
      '2b1a0d',
    ]);
    const small = hfSynthidParameters.parse({ ngramLength: 3, tableSize: 4096, tableSeed: 7 });
    expect(hex(openHfSynthid(small, KEYS.slice(0, 5)))).toEqual([
      'e',
      '12',
      '1a',
      'e',
      '16',
      'd',
      '7',
      '9',
      '1b',
      '2',
    ]);
  });

  it('take vLLM’s Philox word of key 42, and other words on other streams', () => {
    const ngrams = unfold(Int32Array.of(1, 2, 3, 4, 7), 5);
    const plain = openVllmSynthid(vllmSynthidParameters.parse({ stream: 'plain' }), 42n);
    expect([...plain.read(ngrams)]).toEqual([425429266]);
    const ten = openVllmSynthid(vllmSynthidParameters.parse({ stream: 'plain', depth: 10 }), 42n);
    expect([...ten.read(ngrams)]).toEqual([425429266 & 1023]);
    const forty = openVllmSynthid(vllmSynthidParameters.parse({ depth: 40 }), 42n).read(ngrams);
    expect(forty).toHaveLength(2);
    expect(forty[0]).not.toBe(425429266);
    expect(forty[1]).toBeLessThan(256);
    expect(() => vllmSynthidParameters.parse({ stream: 'plain', depth: 33 })).toThrow();
  });

  const marks: readonly (readonly [string, (seed: bigint) => Mark])[] = [
    [
      'hf',
      (seed) =>
        openHfSynthid(
          hf,
          KEYS.map((key) => key + seed),
        ),
    ],
    [
      'hf, 3 leaves, first skipped',
      (seed) =>
        openHfSynthid(
          { ...hf, leaves: 3, skipFirst: true },
          KEYS.map((key) => key + seed),
        ),
    ],
    [
      'deepmind',
      (seed) =>
        openDeepmindSynthid(
          deepmind,
          KEYS.map((key) => key + seed),
        ),
    ],
    ['vllm', (seed) => openVllmSynthid(vllmSynthidParameters.parse({}), 42n + seed)],
    [
      'vllm, 64 layers, 6 of context',
      (seed) => openVllmSynthid(vllmSynthidParameters.parse({ depth: 64, contextWidth: 6 }), 42n + seed),
    ],
  ];
  for (const [name, open] of marks)
    it(`${name}: find their own text, and not another’s`, () => {
      const text = generate(open(0n), 150, new Random(3));
      expect(logPOf(open(0n), text)).toBeLessThan(-25);
      expect(logPOf(open(1000n), text)).toBeGreaterThan(-9);
      expect(() => open(0n).read(unfold(text, 3))).toThrow(/n-grams of 3 tokens/);
    });

  it('hf: a million keys are tested on one text by look-up', () => {
    const mark = openHfSynthid(hf, KEYS);
    const ngrams = collectNgrams([generate(mark, 200, new Random(4))], mark);
    const test = openHfSynthidTest(hf, ngrams, 30);
    const random = new Random(5);
    expect(test(KEYS)).toEqual(mark.test!(ngrams));
    const others = Array.from({ length: 2000 }, () => test(KEYS.map(() => BigInt(random.uint32()))).logP);
    expect(Math.min(...others)).toBeGreaterThan(-20);
  });
});

describe('what upstream’s detectors score', () => {
  const start = new SynthidPrf(KEYS).start;

  it('is no context met among the last ones, nothing before a whole context, nothing from the end on', () => {
    const text = Int32Array.of(1, 2, 3, 1, 2, 9, 1, 2, 8, 8, 8, 8, 5, 1, 2, 3);
    const mask = (history: number, endToken?: number) =>
      [...maskLikeSynthid(text, { ngramLength: 3, history, start, ...(endToken && { endToken }) })].join('');
    expect(mask(1024)).toBe(expectedMask(text, 1024));
    expect(mask(1024)).not.toBe(mask(2));
    expect(mask(2)).toBe(expectedMask(text, 2));
    expect(mask(1024, 9)).toBe(`${expectedMask(text, 1024).slice(0, 5)}00000000000`);
    expect([...maskLikeSynthid(text.subarray(0, 2), { ngramLength: 5, history: 1, start })]).toEqual([0, 0]);
  });

  function expectedMask(text: Int32Array, history: number): string {
    const met: string[] = [];
    return [...text.keys()]
      .map((at) => {
        if (at < 2) return 0;
        const context = text.subarray(at - 2, at).join();
        const fresh = !met.slice(-history).includes(context);
        met.push(context);
        return fresh ? 1 : 0;
      })
      .join('');
  }
});

describe('null calibration on a templated text', () => {
  const lines = Array.from({ length: 60 }, (_, i) => [900, 901, i % 7, 902, 903, 904, i, 905, 906, 907, 908]);
  const text = Int32Array.from(lines.flat());
  const random = new Random(11);
  const keys = () => Array.from({ length: 30 }, () => BigInt(random.uint32()) - 2n ** 31n);
  const share = (below: readonly boolean[]) => below.filter(Boolean).length;

  it('hf: the exact test keeps its level, to the key', () => {
    const ngrams = collectNgrams([text], { contextWidth: 4, unit: 'context', padding: 0 });
    const test = openHfSynthidTest(hf, ngrams, 30);
    const ps = Array.from({ length: 4000 }, () => test(keys()).logP);
    for (const level of [0.1, 0.01, 0.001]) {
      const found = share(ps.map((logP) => logP <= Math.log(level)));
      expect(boundProportionBelow(found, ps.length, 1e-6)).toBeLessThanOrEqual(level);
      expect(found).toBeGreaterThan(level * ps.length * 0.2);
    }
  });

  it('deepmind: on lines of hexadecimal numbers a layer’s ones spread too wide, and decoys know it', () => {
    const digits = (i: number) => [...(0x10000 + i * 37).toString(16)].map((d) => Number.parseInt(d, 16));
    const lists = Array.from({ length: 2000 }, (_, i) => [20, ...digits(i)]);
    const ngrams = collectNgrams([Int32Array.from(lists.flat())], {
      contextWidth: 4,
      unit: 'context',
      padding: 0,
    });
    const test = openDeepmindSynthidTest(deepmind, ngrams, 30);
    let spread = 0;
    let below = 0;
    for (let i = 0; i < 60; i++) {
      const list = keys();
      const words = Uint32Array.from(openDeepmindSynthid(deepmind, list).read(ngrams));
      for (let layer = 0; layer < 30; layer++) {
        let ones = 0;
        for (const word of words) ones += (word >>> layer) & 1;
        spread += (2 * ones - ngrams.count) ** 2 / ngrams.count / (60 * 30);
      }
      if (test(list).logP <= Math.log(0.01)) below++;
    }
    expect(spread).toBeGreaterThan(1.08);
    expect(boundProportionBelow(below, 60, 1e-6)).toBeLessThanOrEqual(0.01);
  });
});
