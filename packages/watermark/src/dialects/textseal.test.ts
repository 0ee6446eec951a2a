import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { testMark } from '../detect/log-p.js';
import type { Mark } from '../mark.js';
import { collectNgrams, type Ngrams } from '../ngrams.js';
import { TextSealHash } from '../prf/textseal-hash.js';
import { openTextSeal, openTextSealDual, openTextSealGreenlist } from './textseal.js';
import { writeText } from './write-text.test.support.js';

/** The first two n-grams have equal weighted sums. */
function collidingRows(): Ngrams {
  // 10000247 - 10000019 = 228 and 10000439 - 10000247 = 192: 16 * 228 = 19 * 192, so moving 16 units from the second to
  // the first place and 19 from the second to the third leaves the sum.
  const rows = Int32Array.from([100, 100, 100, 7, 100 + 16, 100 - 16 - 19, 100 + 19, 7, 5, 6, 7, 8]);
  const text = new Uint32Array(3);
  return { width: 4, count: 3, tokens: rows, text, position: text, repeated: 0, unscored: 0 };
}

describe('TextSeal', () => {
  it.each([
    [[47024, 89485, 115892, 49865], 125531, 42n, 2203],
    [[10876, 23097], 19830, 42n, 623],
    [[36953, 536, 19094], 54912, 12345n, 3571],
    [[124924, 16448, 90504], 112617, 0n, 2383],
    [[52294, 51658, 13570, 63114], 83137, 2147483647n, 7129],
    [[24983], 8827, 42n, 2188],
  ])('hashes %j and %i under %s as upstream does', (window, token, key, hash) => {
    const prf = new TextSealHash(key);
    expect(prf.readTokens(Int32Array.from(window), Int32Array.of(token))[0]).toBe(hash);
    const tokens = Int32Array.from([...window, token]);
    const text = new Uint32Array(1);
    const row = { width: tokens.length, count: 1, tokens, text, position: text, repeated: 0, unscored: 0 };
    expect(prf.readNgrams(row).hashes[0]).toBe(hash);
  });

  it('counts n-grams once that share their hash under every key', () => {
    const ngrams = collidingRows();
    for (const key of [0n, 42n, 2n ** 62n]) {
      const { hashes } = new TextSealHash(key).readNgrams(ngrams);
      expect(hashes[1]).toBe(hashes[0]);
      const mark = openTextSeal({ contextWidth: 3 }, key);
      const values = mark.read(ngrams);
      expect([...values]).toEqual([hashes[0]! / 8191, 0, hashes[2]! / 8191]);
      const distinct = mark.distinct!(ngrams);
      expect([...mark.read(distinct)]).toEqual([values[0], values[2]]);
      expect(distinct).toMatchObject({ count: 2, repeated: 1 });
    }
  });

  const marks: [string, Mark, Mark][] = [
    ['gumbelmax', openTextSeal({ contextWidth: 2 }, 42n), openTextSeal({ contextWidth: 2 }, 777n)],
    [
      'textseal',
      openTextSealDual({ contextWidth: 2, alpha: 0.5 }, 42n),
      openTextSealDual({ contextWidth: 2, alpha: 0.5 }, 777n),
    ],
    [
      'greenlist',
      openTextSealGreenlist({ contextWidth: 2, gamma: 0.5, delta: 4 }, 42n),
      openTextSealGreenlist({ contextWidth: 2, gamma: 0.5, delta: 4 }, 777n),
    ],
  ];
  it.each(marks)('%s: finds its own text and not that of another key', (_, mark, other) => {
    const ngrams = collectNgrams([writeText(mark, 300, 200, new Random(3))], mark);
    const { secondShare = 0.5 } = mark;
    expect(testMark(mark.pivot, mark.read(ngrams), { secondShare }).logP).toBeLessThan(-60);
    expect(testMark(other.pivot, other.read(ngrams), { secondShare }).logP).toBeGreaterThan(-10);
  });

  it('leaves a token even when all hash to 0', () => {
    const context = Int32Array.of(3);
    const zero = Array.from({ length: 100_000 }, (_, i) => i).find(
      (token) => new TextSealHash(42n).readTokens(context, Int32Array.of(token))[0] === 0,
    )!;
    const candidates = { tokens: Int32Array.of(zero), logProbabilities: new Float64Array(1) };
    openTextSeal({ contextWidth: 1 }, 42n).reshape(context, candidates, Math.random);
    expect(candidates.logProbabilities[0]).toBe(0);
  });

  it('refuses keys that do not fit', () => {
    expect(() => openTextSeal({ contextWidth: 1 }, 2n ** 63n)).toThrow(/63 bits/);
    expect(() => openTextSeal({ contextWidth: 1 }, -1n)).toThrow(/63 bits/);
  });
});
