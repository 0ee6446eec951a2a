import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { testMark } from '../detect/log-p.js';
import { collectNgrams } from '../ngrams.js';
import { HmacSha256Prf } from '../prf/hmac-sha256.js';
import { PhiloxPrf } from '../prf/philox.js';
import { deriveVllmKey, openVllmDualGumbel } from './vllm-dual-gumbel.js';
import { openVllmGumbel, openVllmGumbelHmac } from './vllm-gumbel.js';
import { writeText } from './write-text.test.support.js';

const CONTEXTS = [Int32Array.of(1, 2, 3, 4), Int32Array.of(4, 5, 6, 7)];
const TOKENS = Int32Array.of(7, 8);

describe('vLLM Gumbel', () => {
  it('gives the words of vLLM’s compatibility test for key 42', () => {
    const prf = new PhiloxPrf(42n);
    expect(CONTEXTS.map((context) => [...prf.readTokens(context, TOKENS)])).toEqual([
      [425429266, 2706218805],
      [2494036831, 3424185538],
    ]);
  });

  it('gives the mantissas of vLLM’s HMAC function for key 42', () => {
    const prf = new HmacSha256Prf(42n);
    const mantissas = CONTEXTS.map((context) =>
      [...prf.readTokens(context, TOKENS)].map((word) => word >>> 8),
    );
    expect(mantissas).toEqual([
      [6202050, 16483231],
      [11455363, 10557370],
    ]);
    const row = { width: 5, count: 1, tokens: Int32Array.of(1, 2, 3, 4, 8), repeated: 0, unscored: 0 };
    const ngrams = { ...row, text: new Uint32Array(1), position: new Uint32Array(1) };
    expect(prf.readNgrams(ngrams)[0]! >>> 8).toBe(16483231);
  });

  it.each([
    ['Philox', openVllmGumbel],
    ['HMAC', openVllmGumbelHmac],
  ])('finds its own choices under %s and not those of another key', (_, open) => {
    const mark = open({ contextWidth: 4 }, 42n);
    const ngrams = collectNgrams([writeText(mark, 100, 64, new Random(1))], mark);
    expect(testMark(mark.pivot, mark.read(ngrams)).logP).toBeLessThan(-100);
    const other = open({ contextWidth: 4 }, 43n);
    expect(testMark(other.pivot, other.read(ngrams)).logP).toBeGreaterThan(-10);
  });

  it('reads lower edges of 2^24 cells', () => {
    const mark = openVllmGumbel({ contextWidth: 1 }, 42n);
    const ngrams = collectNgrams([Int32Array.from({ length: 500 }, (_, i) => i)], mark);
    for (const u of mark.read(ngrams)) expect(u * 2 ** 24).toBe(Math.trunc(u * 2 ** 24));
  });

  it('refuses keys and n-grams of other sizes, and never names the key', () => {
    expect(() => openVllmGumbel({ contextWidth: 4 }, 2n ** 64n)).toThrow(/64 bits/);
    expect(() => openVllmGumbelHmac({ contextWidth: 4 }, 2n ** 256n)).toThrow(/256 bits/);
    expect(() => openVllmGumbelHmac({ contextWidth: 4 }, -1n)).toThrow(/256 bits/);
    expect(() => openVllmDualGumbel({ contextWidth: 4, alpha: 0.1 }, 2n ** 64n)).toThrow(/64 bits/);
    const ngrams = collectNgrams([Int32Array.of(1, 2, 3)], { contextWidth: 1, unit: 'ngram', padding: null });
    expect(() => openVllmGumbel({ contextWidth: 4 }, 42n).read(ngrams)).toThrow(/n-grams of 2/);
  });
});

describe('vLLM dual-key Gumbel', () => {
  it('derives its keys by SHA-256', () => {
    // Python: int.from_bytes(hashlib.sha256(b"key_a" + (42).to_bytes(8, "big")).digest()[:8], "big")
    expect(deriveVllmKey(42n, 'key_a')).toBe(37150756557148556n);
    expect(deriveVllmKey(42n, 'key_b')).toBe(15826636237805488045n);
  });

  it('reads both streams, and each is the single-key mark of its key', () => {
    const dual = openVllmDualGumbel({ contextWidth: 4, alpha: 0.1 }, 42n);
    const ngrams = collectNgrams([Int32Array.from({ length: 50 }, (_, i) => i * i)], dual);
    const values = dual.read(ngrams);
    for (const [stream, domain] of (['key_a', 'key_b'] as const).entries()) {
      const single = openVllmGumbel({ contextWidth: 4 }, deriveVllmKey(42n, domain)).read(ngrams);
      expect([...values].filter((_, i) => i % 2 === stream)).toEqual([...single]);
    }
  });

  it.each([0, 0.1, 0.5, 1])('gives key B the share alpha = %s, and both are found', (alpha) => {
    const dual = openVllmDualGumbel({ contextWidth: 4, alpha }, 42n);
    const ngrams = collectNgrams([writeText(dual, 400, 64, new Random(2))], dual);
    const test = testMark(dual.pivot, dual.read(ngrams), { secondShare: alpha });
    expect(test.logP).toBeLessThan(-100);
    const scores = ['key_a', 'key_b'].map((domain) => {
      const mark = openVllmGumbel({ contextWidth: 4 }, deriveVllmKey(42n, domain as 'key_a'));
      return testMark(mark.pivot, mark.read(ngrams)).excess;
    });
    const share = scores[1]! / (scores[0]! + scores[1]!);
    expect(Math.abs(share - alpha)).toBeLessThan(0.1);
  });
});
