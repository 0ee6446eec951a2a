import { logIncompleteGamma, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { openMark } from './dialects/registry.js';
import type { Sampling } from './profile.js';
import { makeSampler } from './sampler.js';

const SAMPLING: Sampling = {
  temperature: null,
  topK: null,
  topP: null,
  deduplicateContexts: 'single_turn',
  history: 8192,
};

/** A bigram model of three tokens, so small that every answer's probability is known and contexts repeat all the time. */
const NEXT = [
  [0.5, 0.3, 0.2],
  [0.1, 0.6, 0.3],
  [0.25, 0.25, 0.5],
];
const LENGTH = 5;
const CELLS = 3 ** LENGTH;

/** Answers of five tokens, each under a fresh key, counted, against their exact probabilities. */
function compareAnswers(
  dialect: string,
  parameters: object,
  sampling: Sampling,
  answers: number,
  seed: number,
) {
  const random = new Random(seed);
  const counts = new Float64Array(CELLS);
  for (let i = 0; i < answers; i++) {
    const key = Array.from({ length: 16 }, () => random.integer(256).toString(16).padStart(2, '0')).join('');
    const sampler = makeSampler(openMark(dialect, parameters, key), sampling, {
      random: () => random.uniform(),
    });
    const answer = new Int32Array(LENGTH);
    let cell = 0;
    for (let at = 0; at < LENGTH; at++) {
      const logits = NEXT[at === 0 ? 0 : answer[at - 1]!]!.map(Math.log);
      answer[at] = sampler.next({ logits, answer: answer.subarray(0, at) }).token;
      cell = cell * 3 + answer[at]!;
    }
    counts[cell]!++;
  }
  let chiSquare = 0;
  let distance = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    let p = 1;
    let last = 0;
    for (let at = LENGTH - 1; at >= 0; at--) {
      const token = Math.floor(cell / 3 ** at) % 3;
      p *= NEXT[last]![token]!;
      last = token;
    }
    const expected = p * answers;
    chiSquare += (counts[cell]! - expected) ** 2 / expected;
    distance += Math.abs(counts[cell]! / answers - p) / 2;
  }
  return { logP: logIncompleteGamma((CELLS - 1) / 2, chiSquare / 2).logUpper, distance };
}

const KEPT: [string, object][] = [
  ['phalanx-gumbel', { contextWidth: 1 }],
  ['phalanx-gumbel', { contextWidth: 2, secondShare: 0.3 }],
  ['phalanx-synthid', { contextWidth: 1, layers: 12 }],
  ['phalanx-multibit', { contextWidth: 1, bits: 8, symbolBits: 2 }],
];

describe('a sampler', () => {
  it.each(KEPT)('keeps the distribution of whole answers: %s %o', (dialect, parameters) => {
    const { logP, distance } = compareAnswers(dialect, parameters, SAMPLING, 20_000, 7);
    expect(logP).toBeGreaterThan(Math.log(1e-4));
    expect(distance).toBeLessThan(0.05);
  });

  it('does not keep it when repeated contexts are marked again, which is how the test above can fail', () => {
    const sampling: Sampling = { ...SAMPLING, deduplicateContexts: 'none' };
    const { logP, distance } = compareAnswers('phalanx-gumbel', { contextWidth: 1 }, sampling, 10_000, 7);
    expect(logP).toBeLessThan(-500);
    expect(distance).toBeGreaterThan(0.2);
  });

  it('shifts it with green tokens, by how much is measured', () => {
    const kgw = (delta: number) =>
      compareAnswers('phalanx-kgw', { contextWidth: 1, gamma: 0.25, delta }, SAMPLING, 30_000, 7);
    // Total variation of five tokens when written: 0.060 at delta 2 and 0.112 at 4, where noise alone is 0.032.
    expect(kgw(2).logP).toBeLessThan(-50);
    expect(kgw(2).distance).toBeGreaterThan(0.045);
    expect(kgw(4).distance).toBeGreaterThan(0.09);
  });

  it('draws without the mark where there is no whole context, a repeated one, or no choice', () => {
    const sampler = makeSampler(openMark('phalanx-gumbel', { contextWidth: 2 }, 'ab'.repeat(16)), SAMPLING);
    const marked = (answer: number[], logits: number[]) =>
      sampler.next({ logits, answer: Int32Array.from(answer) }).marked;
    expect(marked([1], [0, 0, 0])).toBe(false);
    expect(marked([1, 2], [0, 0, 0])).toBe(true);
    expect(marked([1, 2, 0, 1, 2], [0, 0, 0])).toBe(false);
    expect(marked([1, 2, 0, 1, 2, 2], [0, 0, 0])).toBe(true);
    expect(marked([1, 2], [0, -Infinity, -Infinity])).toBe(false);
  });

  it('searches the prompt too with `all`, and no further back than its history', () => {
    const mark = openMark('phalanx-gumbel', { contextWidth: 2 }, 'ab'.repeat(16));
    const marked = (sampling: Partial<Sampling>, prompt: number[], answer: number[]) =>
      makeSampler(mark, { ...SAMPLING, ...sampling }).next({
        logits: [0, 0, 0],
        answer: Int32Array.from(answer),
        prompt: Int32Array.from(prompt),
      }).marked;
    expect(marked({ deduplicateContexts: 'all' }, [5, 1, 2, 5], [1, 2])).toBe(false);
    expect(marked({ deduplicateContexts: 'all' }, [5, 1], [2, 7, 1, 2])).toBe(false);
    expect(marked({ deduplicateContexts: 'all' }, [5, 2, 1], [1, 2])).toBe(true);
    expect(marked({}, [5, 1, 2, 5], [1, 2])).toBe(true);
    expect(marked({ history: 3 }, [], [1, 2, 0, 0, 0, 1, 2])).toBe(true);
    expect(marked({ history: 8 }, [], [1, 2, 0, 0, 0, 1, 2])).toBe(false);
    expect(marked({ deduplicateContexts: 'none' }, [], [1, 2, 0, 1, 2])).toBe(true);
  });

  it('pads the start of an answer where the dialect does', () => {
    const sampler = makeSampler(openMark('vllm-gumbel', {}, '42'), SAMPLING);
    expect(sampler.next({ logits: [0, 0], answer: Int32Array.of() }).marked).toBe(true);
  });

  it('truncates before it marks: temperature, top-k, top-p', () => {
    const seen = new Set<number>();
    const random = new Random(3);
    const draw = (sampling: Partial<Sampling>, request = {}) => {
      seen.clear();
      const sampler = makeSampler(
        openMark('phalanx-unigram', {}, 'ab'.repeat(16)),
        { ...SAMPLING, ...sampling },
        {
          random: () => random.uniform(),
        },
      );
      const logits = [0.4, 0.1, 0.3, 0.2].map(Math.log);
      for (let i = 0; i < 300; i++)
        seen.add(sampler.next({ logits, answer: new Int32Array(0), request }).token);
      return [...seen].sort();
    };
    expect(draw({})).toEqual([0, 1, 2, 3]);
    expect(draw({ topK: 2 })).toEqual([0, 2]);
    expect(draw({ topP: 0.75 })).toEqual([0, 2, 3]);
    expect(draw({ temperature: 0 })).toEqual([0]);
    expect(draw({ temperature: 0.01 })).toEqual([0]);
    expect(draw({}, { topK: 1 })).toEqual([0]);
    expect(draw({ topK: 3 }, { topK: 1 })).toEqual([0, 2, 3]);
  });

  it('refuses what is no distribution', () => {
    const sampler = makeSampler(openMark('phalanx-gumbel', {}, 'ab'.repeat(16)), SAMPLING);
    const answer = new Int32Array(0);
    expect(() => sampler.next({ logits: [0, Number.NaN], answer })).toThrow('NaN');
    expect(() => sampler.next({ logits: [-Infinity, -Infinity], answer })).toThrow('no token may come');
    expect(() => sampler.next({ answer })).toThrow('logits or candidates');
    const candidates = { tokens: Int32Array.of(2, 1), logProbabilities: Float64Array.of(0, 0) };
    expect(() => sampler.next({ candidates, answer })).toThrow('ascend');
  });
});
