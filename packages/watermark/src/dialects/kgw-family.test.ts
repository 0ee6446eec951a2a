import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Mark } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { KGW_PRFS, type KgwPrfName } from '../prf/kgw-prfs.js';
import { hfKgwParameters, openHfKgw } from './hf-kgw.js';
import { lmWatermarkingParameters, openLmWatermarking } from './lm-watermarking.js';
import { markllmKgwParameters, openMarkllmKgw } from './markllm-kgw.js';
import {
  openThreeBricksGumbel,
  openThreeBricksKgw,
  threeBricksGumbelParameters,
  threeBricksKgwParameters,
} from './three-bricks.js';
import { openUnigram, unigramParameters } from './unigram.js';

interface Vectors {
  hf: {
    vocabulary: number;
    gamma: number;
    scheme: 'lefthash' | 'selfhash';
    width: number;
    key: string;
    context: number[];
    multiplier: number;
    raised: number[];
  }[];
  lm: { key: string; window: number[]; values: Record<KgwPrfName, string> }[];
  unigram: { vocabulary: number; gamma: number; key: string; mask: string }[];
  markllm: {
    vocabulary: number;
    prefixLength: number;
    fScheme: 'time' | 'additive' | 'skip' | 'min';
    windowScheme: 'left' | 'self';
    key: string;
    context: number[];
    greens: number[];
  }[];
  threeBricks: {
    key: string;
    contextWidth: number;
    vocabulary: number;
    context: number[];
    payload: number;
    mantissas: number[];
    greens: number[];
  }[];
}

const url = new URL('../fixtures/kgw-vectors.json', import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(url, 'utf8'));

/** Tokens whose logits `mark` raises after a text, when token i has the logit `score(i)`. */
function listRaised(
  mark: Mark,
  text: readonly number[],
  vocabulary: number,
  score: (i: number) => number,
): number[] {
  const tokens = Int32Array.from({ length: vocabulary }, (_, i) => i);
  const before = Float64Array.from(tokens, score);
  const logProbabilities = before.slice();
  const context = Int32Array.from(text.slice(text.length - mark.contextWidth));
  mark.reshape(context, { tokens, logProbabilities }, Math.random);
  return [...tokens].filter((i) => logProbabilities[i]! > before[i]!);
}

/** Values of the n-grams that every token of a vocabulary makes with the end of a text, each read alone. */
function readEach(mark: Mark, text: readonly number[], vocabulary: number): number[] {
  const width = mark.contextWidth + 1;
  return Array.from({ length: vocabulary }, (_, token) => {
    const ngrams: Ngrams = {
      width,
      count: 1,
      tokens: Int32Array.from([...text.slice(text.length - width + 1), token].slice(-width)),
      text: new Uint32Array(1),
      position: new Uint32Array(1),
      repeated: 0,
      unscored: 0,
    };
    return mark.read(ngrams)[0]!;
  });
}

const indexes = (values: readonly number[]) => values.flatMap((value, i) => (value === 1 ? [i] : []));
const flat = () => 0;

describe('KGW of transformers', () => {
  it.each(vectors.hf)('raises and reads what $scheme of width $width does, key $key', (vector) => {
    const { vocabulary, gamma, scheme, width, context, multiplier, raised } = vector;
    const mark = openHfKgw(hfKgwParameters.parse({ vocabulary, gamma, scheme, width }), BigInt(vector.key));
    const found = listRaised(mark, context, vocabulary, (i) => ((i * multiplier) % vocabulary) / 16);
    expect(found).toEqual(raised);
    const greens = indexes(readEach(mark, context, vocabulary));
    // Self-salted, only the 40 likeliest are tested when text is made; the others may be green and are not raised.
    expect(scheme === 'lefthash' ? greens : greens.filter((i) => raised.includes(i))).toEqual(raised);
  });

  it('is one mark under keys that torch takes for one', () => {
    const parameters = hfKgwParameters.parse({ vocabulary: 500 });
    const [a, b] = [openHfKgw(parameters, 77n), openHfKgw(parameters, 77n + 2n ** 32n)];
    expect(readEach(a, [9], 500)).toEqual(readEach(b, [9], 500));
  });

  it('counts nothing after token 0, where every key has one list', () => {
    const parameters = hfKgwParameters.parse({ vocabulary: 500 });
    const raised = [3n, 15485863n].map((key) => listRaised(openHfKgw(parameters, key), [0], 500, flat));
    expect(raised[0]).toEqual(raised[1]);
    expect(raised[0]).toHaveLength(125);
    expect(readEach(openHfKgw(parameters, 3n), [0], 500).includes(1)).toBe(false);
  });

  it('refuses keys and sizes', () => {
    const parameters = hfKgwParameters.parse({ vocabulary: 500 });
    for (const key of [0n, -1n, 2n ** 63n, 2n ** 40n])
      expect(() => openHfKgw(parameters, key)).toThrow(/low 32 bits/);
    expect(() => openHfKgw({ ...parameters, gamma: 0.001 }, 3n)).toThrow(/size of a green list/);
    expect(() => readEach(openHfKgw(parameters, 3n), [-1], 1)).toThrow(/negative/);
  });
});

describe('KGW of lm-watermarking', () => {
  it.each(vectors.lm)('has the eleven functions, key $key, window $window', ({ key, window, values }) => {
    for (const [name, value] of Object.entries(values)) {
      const found = KGW_PRFS[name as KgwPrfName].value(window.map(BigInt), BigInt(key));
      expect(`${name} ${found}`).toBe(`${name} ${value}`);
    }
  });

  it('is transformers’ lefthash in its simplest form, and its complement in its oldest', () => {
    const simple = { vocabulary: 200, prf: 'additive_prf', width: 1, selfSalt: false } as const;
    const mark = openLmWatermarking(lmWatermarkingParameters.parse(simple), 15485863n);
    const theirs = openHfKgw(hfKgwParameters.parse({ vocabulary: 200 }), 15485863n);
    expect(readEach(mark, [77], 200)).toEqual(readEach(theirs, [77], 200));
    const legacy = { ...simple, gamma: 0.75, selectGreenTokens: false };
    const last = openLmWatermarking(lmWatermarkingParameters.parse(legacy), 15485863n);
    expect(readEach(last, [77], 200)).toEqual(readEach(theirs, [77], 200).map((bit) => 1 - bit));
  });

  it.each(Object.keys(KGW_PRFS) as KgwPrfName[])(
    'counts a draw of %s once, and none that no key changes',
    (prf) => {
      const mark = openLmWatermarking(
        lmWatermarkingParameters.parse({ vocabulary: 50, prf, width: 3, selfSalt: false }),
        15485863n,
      );
      // Contexts that differ in what most functions do not see, all before token 7; and one of nothing but token 0.
      const contexts = [
        [3, 9, 8],
        [3, 8, 9],
        [3, 9, 9],
        [3, 20, 8],
        [0, 0, 0],
      ];
      const ngrams: Ngrams = {
        width: 4,
        count: contexts.length,
        tokens: Int32Array.from(contexts.flatMap((context) => [...context, 7])),
        text: new Uint32Array(5),
        position: Uint32Array.of(3, 4, 5, 6, 7),
        repeated: 2,
        unscored: 0,
      };
      const kept = mark.distinct!(ngrams);
      const values = contexts.map((context) =>
        KGW_PRFS[prf].value(context.map(BigInt), 15485863n).toString(),
      );
      // Two functions mix the key into every token: there even token 0 has a value of its own.
      const keyed = prf === 'noncomm_prf' || prf === 'anchored_minhash_prf';
      const expected = new Set(keyed ? values : values.slice(0, 4));
      expect(kept.count).toBe(expected.size);
      expect(kept.repeated).toBe(2 + 5 - expected.size);
      const all = mark.read(ngrams);
      expect([...kept.position].map((position) => all[position - 3])).toEqual([...mark.read(kept)]);
      expect(all.filter((value) => value === 1).length).toBe(
        mark.read(kept).filter((value) => value === 1).length,
      );
    },
  );

  it('refuses what would give every context one list', () => {
    const parameters = lmWatermarkingParameters.parse({ vocabulary: 50, prf: 'minhash_prf' });
    expect(() => openLmWatermarking(parameters, 1_000_003n)).toThrow(/1000003/);
    const pairs = { ...parameters, prf: 'minskipgram_prf', width: 1 } as const;
    expect(() => openLmWatermarking(pairs, 5n)).toThrow(/pairs/);
  });
});

describe('marks of three_bricks', () => {
  it.each(vectors.threeBricks)('draw as theirs do, key $key, payload $payload', (vector) => {
    const { vocabulary, contextWidth, payload, context, mantissas, greens } = vector;
    const shared = { vocabulary, contextWidth, payload };
    const gumbel = openThreeBricksGumbel(threeBricksGumbelParameters.parse(shared), BigInt(vector.key));
    expect(readEach(gumbel, context, 6).map((u) => u * 2 ** 24)).toEqual(mantissas);
    const kgw = openThreeBricksKgw(threeBricksKgwParameters.parse(shared), BigInt(vector.key));
    expect(indexes(readEach(kgw, context, vocabulary))).toEqual(greens);
    expect(listRaised(kgw, context, vocabulary, flat)).toEqual(greens);
  });

  it('choose the token of the largest number when all are alike', () => {
    const mark = openThreeBricksGumbel(threeBricksGumbelParameters.parse({ vocabulary: 40, payload: 5 }), 1n);
    const values = readEach(mark, [8], 40);
    const chosen = listRaised(mark, [8], 40, () => -1);
    expect(values[chosen[0]!]).toBe(Math.max(...values));
  });

  it('refuse payloads that are not shifts', () => {
    const parameters = threeBricksGumbelParameters.parse({ vocabulary: 40, payload: 40 });
    expect(() => openThreeBricksGumbel(parameters, 1n)).toThrow(/payload/);
    expect(() => openThreeBricksGumbel({ ...parameters, payload: 0 }, 2n ** 64n - 1n)).toThrow(
      /three_bricks/,
    );
  });
});

describe('KGW of MarkLLM', () => {
  it.each(vectors.markllm)('has its lists: $fScheme, $windowScheme, prefix $prefixLength', (vector) => {
    const { vocabulary, prefixLength, fScheme, windowScheme, context, greens } = vector;
    const parameters = { vocabulary, prefixLength, fScheme, windowScheme };
    const mark = openMarkllmKgw(markllmKgwParameters.parse(parameters), BigInt(vector.key));
    expect(listRaised(mark, context, vocabulary, flat)).toEqual(greens);
    expect(indexes(readEach(mark, context, vocabulary))).toEqual(greens);
  });

  it('refuses a key that is a multiple of the vocabulary', () => {
    const parameters = markllmKgwParameters.parse({ vocabulary: 50 });
    expect(() => openMarkllmKgw(parameters, 150n)).toThrow(/multiple/);
  });
});

describe('Unigram', () => {
  it.each(vectors.unigram)('has the mask of numpy, key $key', ({ vocabulary, gamma, key, mask }) => {
    const mark = openUnigram(unigramParameters.parse({ vocabulary, gamma }), BigInt(key));
    expect(readEach(mark, [], vocabulary).join('')).toBe(mask);
    expect(listRaised(mark, [], vocabulary, flat)).toEqual(
      [...mask].flatMap((bit, i) => (bit === '1' ? [i] : [])),
    );
  });

  it('refuses keys of more than 64 bits', () => {
    expect(() => openUnigram(unigramParameters.parse({ vocabulary: 9 }), 2n ** 63n)).toThrow(/64 bits/);
  });
});
