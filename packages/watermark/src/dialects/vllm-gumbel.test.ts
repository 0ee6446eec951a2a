import { describe, expect, it } from 'vitest';
import { testMark } from '../detect/log-p.js';
import { collectNgrams } from '../ngrams.js';
import { PhiloxPrf, permutePhilox } from '../prf/philox.js';
import { openVllmGumbel } from './vllm-gumbel.js';

describe('vLLM Gumbel', () => {
  it('computes Philox as Random123 publishes it', () => {
    expect([...permutePhilox([0, 0, 0, 0], [0, 0])]).toEqual([
      0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8,
    ]);
  });

  it('gives the words of vLLM’s compatibility test for key 42', () => {
    const prf = new PhiloxPrf(42n);
    expect([...prf.readTokens(Int32Array.of(1, 2, 3, 4), Int32Array.of(7, 8))]).toEqual([
      425429266, 2706218805,
    ]);
    expect([...prf.readTokens(Int32Array.of(4, 5, 6, 7), Int32Array.of(7, 8))]).toEqual([
      2494036831, 3424185538,
    ]);
  });

  it('finds its own choices and not those of another key', () => {
    const mark = openVllmGumbel({ contextWidth: 4 }, 42n);
    const tokens = Int32Array.from({ length: 64 }, (_, i) => i);
    const text: number[] = [];
    for (let i = 0; i < 100; i++) {
      const candidates = { tokens, logProbabilities: new Float64Array(64) };
      const context = Int32Array.from([-1, -1, -1, -1, ...text].slice(-4));
      mark.reshape(context, candidates, Math.random);
      text.push(candidates.logProbabilities.indexOf(0));
    }
    const ngrams = collectNgrams([Int32Array.from(text)], mark);
    expect(testMark(mark.pivot, mark.read(ngrams)).logP).toBeLessThan(-100);
    const other = openVllmGumbel({ contextWidth: 4 }, 43n);
    expect(testMark(other.pivot, other.read(ngrams)).logP).toBeGreaterThan(-10);
  });
});
