import { boundProportionAbove, boundProportionBelow, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { openVllmGumbel } from '../dialects/vllm-gumbel.js';
import type { Mark } from '../mark.js';
import { collectNgrams, type Ngrams } from '../ngrams.js';
import { checkDecoys, checkPValues } from './decoys.js';
import { rankMark } from './key-rank.js';

const open = (key: number) => openVllmGumbel({ contextWidth: 2 }, BigInt(key));

function* keys(from: number, count: number): Generator<Mark> {
  for (let i = 0; i < count; i++) yield open(from + i);
}

/** A templated corpus: 30 documents out of three sentences with few words exchanged. */
function makeTemplates(seed: number): Int32Array[] {
  const random = new Random(seed);
  const sentences = Array.from({ length: 3 }, () => Array.from({ length: 20 }, () => random.integer(500)));
  return Array.from({ length: 30 }, () =>
    Int32Array.from(
      sentences.flatMap((tokens) =>
        tokens.map((token) => (random.bernoulli(0.1) ? random.integer(500) : token)),
      ),
    ),
  );
}

const collect = (texts: readonly Int32Array[]) =>
  collectNgrams(texts, { contextWidth: 2, unit: 'context', padding: -1 });

/** Every n-gram as often as it occurs, which is wrong and what many detectors do. */
function collectRepeated(texts: readonly Int32Array[]): Ngrams {
  const rows = texts.map((text) => collect([text]));
  const count = rows.reduce((sum, { count }) => sum + count, 0);
  return {
    ...rows[0]!,
    count,
    tokens: Int32Array.from(rows.flatMap(({ tokens }) => [...tokens])),
    text: new Uint32Array(count),
    position: new Uint32Array(count),
  };
}

describe('the rank of a key', () => {
  it('keeps its level even on n-grams that are counted many times over', () => {
    const ngrams = collectRepeated(makeTemplates(3));
    const sum = (mark: Mark) => mark.read(ngrams).reduce((a, u) => a - Math.log1p(-u), 0);
    const scores = Array.from(keys(1, 4000), sum);
    let below = 0;
    for (let i = 0; i < 200; i++) {
      const rest = scores.slice(i * 20, i * 20 + 20);
      const marks = rest.map((score) => ({ score }) as unknown as Mark);
      const { logP } = rankMark(ngrams, marks[0]!, marks.slice(1), {
        score: (mark) => (mark as unknown as { score: number }).score,
      });
      if (logP <= Math.log(0.05) + 1e-12) below++;
    }
    expect(boundProportionBelow(below, 200, 1e-6)).toBeLessThan(0.05);
    expect(boundProportionAbove(below, 200, 1e-6)).toBeGreaterThan(0.05);
  });

  it('puts the key that chose the tokens first', () => {
    const mark = open(7);
    const tokens = new Int32Array(120);
    const all = Int32Array.from({ length: 40 }, (_, i) => i);
    for (let at = 0; at < tokens.length; at++) {
      const context = Int32Array.of(tokens[at - 2] ?? -1, tokens[at - 1] ?? -1);
      const candidates = { tokens: all, logProbabilities: new Float64Array(40) };
      mark.reshape(context, candidates, () => 0);
      tokens[at] = all[candidates.logProbabilities.indexOf(0)]!;
    }
    const found = rankMark(collect([tokens]), mark, keys(1000, 199));
    expect(found).toMatchObject({ tried: 199, atLeast: 0 });
    expect(Math.exp(found.logP)).toBeCloseTo(1 / 200, 12);
    expect((found.score - found.mean) / found.deviation).toBeGreaterThan(6);
  });

  it('stops early where nothing is to be found, and keeps its level then', () => {
    const random = new Random(9);
    const ngrams = collect([Int32Array.of(1, 2, 3)]);
    let below = 0;
    for (let i = 0; i < 2000; i++) {
      const marks = Array.from({ length: 100 }, () => ({ score: random.integer(50) }) as unknown as Mark);
      const { logP, tried } = rankMark(ngrams, marks[0]!, marks.slice(1), {
        score: (mark) => (mark as unknown as { score: number }).score,
        stopAfter: 5,
      });
      if (tried < 99) expect(logP).toBe(Math.log(5 / tried));
      if (logP <= Math.log(0.06)) below++;
    }
    expect(boundProportionBelow(below, 2000, 1e-6)).toBeLessThan(0.06);
    expect(() => rankMark(ngrams, open(1), [])).toThrowError(
      expect.objectContaining({ code: 'MARK_ARGUMENT' }),
    );
  });
});

describe('decoys', () => {
  it('are content with n-grams that count once, and see those that count more', () => {
    const texts = makeTemplates(4);
    expect(checkDecoys(collect(texts), keys(50_000, 200))).toMatchObject({ tried: 200, calibrated: true });
    expect(checkDecoys(collectRepeated(texts), keys(50_000, 200)).calibrated).toBe(false);
  });

  it('rarely doubt p-values that are uniform', () => {
    const random = new Random(12);
    let doubted = 0;
    for (let i = 0; i < 1000; i++) {
      const logPs = Array.from({ length: 200 }, () => Math.log(random.uniformOpen()));
      if (checkPValues(logPs).logP <= Math.log(0.05)) doubted++;
    }
    expect(boundProportionBelow(doubted, 1000, 1e-6)).toBeLessThan(0.05);
    expect(checkPValues(new Array(200).fill(0)).calibrated).toBe(true);
    expect(() => checkPValues([0])).toThrowError(expect.objectContaining({ code: 'MARK_ARGUMENT' }));
  });
});
