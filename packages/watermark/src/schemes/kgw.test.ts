import { boundProportionBelow, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { testMark } from '../detect/log-p.js';
import { hfKgwParameters, openHfKgw } from '../dialects/hf-kgw.js';
import { lmWatermarkingParameters, openLmWatermarking } from '../dialects/lm-watermarking.js';
import { markllmKgwParameters, openMarkllmKgw } from '../dialects/markllm-kgw.js';
import {
  openThreeBricksGumbel,
  openThreeBricksKgw,
  threeBricksGumbelParameters,
  threeBricksKgwParameters,
} from '../dialects/three-bricks.js';
import { openUnigram, unigramParameters } from '../dialects/unigram.js';
import { writeText } from '../dialects/write-text.test.support.js';
import type { Mark } from '../mark.js';
import { collectNgrams, type Ngrams } from '../ngrams.js';
import { boundShare } from './kgw.js';

const VOCABULARY = 211;
const KEYS = 500;
const LEVEL = 0.01;

const shared = { vocabulary: VOCABULARY };
const dialects: Readonly<Record<string, (key: bigint) => Mark>> = {
  'hf-kgw lefthash': (key) => openHfKgw(hfKgwParameters.parse(shared), key),
  'hf-kgw selfhash': (key) =>
    openHfKgw(hfKgwParameters.parse({ ...shared, scheme: 'selfhash', width: 4 }), key),
  'lm-watermarking minhash': (key) =>
    openLmWatermarking(
      lmWatermarkingParameters.parse({ ...shared, prf: 'minhash_prf', width: 4, selfSalt: false }),
      key,
    ),
  'lm-watermarking minfunc': (key) =>
    openLmWatermarking(
      lmWatermarkingParameters.parse({ ...shared, prf: 'minfunc_prf', width: 4, selfSalt: false }),
      key,
    ),
  'three-bricks kgw': (key) => openThreeBricksKgw(threeBricksKgwParameters.parse(shared), key),
  'three-bricks gumbel': (key) => openThreeBricksGumbel(threeBricksGumbelParameters.parse(shared), key),
  'markllm-kgw': (key) => openMarkllmKgw(markllmKgwParameters.parse(shared), key * BigInt(VOCABULARY) + 1n),
  unigram: (key) => openUnigram(unigramParameters.parse(shared), key),
};

/** Rows of a table, each a template with two words filled in; token 0 among them. */
const template = Int32Array.from(
  Array.from({ length: 40 }, (_, i) => [
    7,
    0,
    99,
    23,
    (i * i) % 50,
    5,
    61,
    8,
    8,
    8,
    100 + i,
    0,
    0,
    12,
  ]).flat(),
);

const logPOf = (mark: Mark, ngrams: Ngrams) => {
  const counted = mark.distinct?.(ngrams) ?? ngrams;
  return testMark(mark.pivot, mark.read(counted)).logP;
};

function drawKeys(count: number): bigint[] {
  const random = new Random(5);
  return Array.from({ length: count }, () => BigInt(1 + Math.floor(random.uniform() * (2 ** 32 - 1))));
}

describe.each(Object.entries(dialects))('%s', (_, open) => {
  it('has small p-values on text of a template under no more keys than chance allows', () => {
    let alarms = 0;
    let plain = 0;
    const few = 100;
    const ngrams = collectNgrams([template], open(1n));
    for (const [i, key] of drawKeys(KEYS).entries()) {
      const mark = open(key);
      if (logPOf(mark, ngrams) <= Math.log(LEVEL)) alarms++;
      // What a draw left out reads as keeps the plain test valid too.
      if (i < few && testMark(mark.pivot, mark.read(ngrams)).logP <= Math.log(LEVEL)) plain++;
    }
    expect(boundProportionBelow(alarms, KEYS, 1e-6)).toBeLessThanOrEqual(LEVEL);
    expect(boundProportionBelow(plain, few, 1e-6)).toBeLessThanOrEqual(LEVEL);
  });

  it('is found in its own text of 400 tokens, and not under another key', () => {
    const random = new Random(77);
    const mark = open(123_457n);
    const ngrams = collectNgrams([writeText(mark, 400, VOCABULARY, random)], mark);
    expect(logPOf(mark, ngrams)).toBeLessThan(Math.log(1e-6));
    expect(logPOf(open(123_458n), ngrams)).toBeGreaterThan(Math.log(1e-4));
  });
});

describe('KGW', () => {
  it('sees evidence in repetition when n-grams count as often as they come', () => {
    let alarms = 0;
    const width = 2;
    const count = template.length - 1;
    const zeros = new Uint32Array(count);
    for (const key of drawKeys(200)) {
      const mark = dialects['hf-kgw lefthash']!(key);
      const values = Float64Array.from({ length: count }, (_, at) => {
        const tokens = template.slice(at, at + width);
        const one = { width, count: 1, tokens, text: zeros, position: zeros, repeated: 0, unscored: 0 };
        return mark.read(one)[0]!;
      });
      if (testMark(mark.pivot, values).logP <= Math.log(LEVEL)) alarms++;
    }
    expect(alarms / 200).toBeGreaterThan(0.05);
  });

  it('bounds the share of a token in few lists', () => {
    expect(boundShare(0.5, 50_257, 50_257)).toBeCloseTo(0.5133, 4);
    expect(boundShare(0.5, 4, 50_257)).toBe(1);
  });
});
