import { boundProportionBelow, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { openVllmGumbel } from '../dialects/vllm-gumbel.js';
import { testVllmGumbelRing } from '../dialects/vllm-gumbel-ring.js';
import { collectNgrams } from '../ngrams.js';
import { attributeKeys, judgeKeys, type RingKey } from './attribution.js';
import type { MarkTest } from './log-p.js';

const PARAMETERS = { contextWidth: 2 };

function* ring(from: number, count: number): Generator<RingKey> {
  for (let i = from; i < from + count; i++)
    yield { id: `account-${i}`, open: () => openVllmGumbel(PARAMETERS, BigInt(i)) };
}

/** Keys whose tests are given: the procedure alone is looked at. */
function given(logPs: readonly number[]): RingKey[] {
  return logPs.map((logP, i) => ({
    id: String(i),
    open: () => ({
      ...openVllmGumbel(PARAMETERS, 1n),
      test: (): MarkTest => ({ logP, scored: 1, excess: 0 }),
    }),
  }));
}

function write(key: number, length: number): Int32Array {
  const mark = openVllmGumbel(PARAMETERS, BigInt(key));
  const all = Int32Array.from({ length: 30 }, (_, i) => i);
  const tokens = new Int32Array(length);
  for (let at = 0; at < length; at++) {
    const candidates = { tokens: all, logProbabilities: new Float64Array(30) };
    mark.reshape(Int32Array.of(tokens[at - 2] ?? -1, tokens[at - 1] ?? -1), candidates, () => 0);
    tokens[at] = candidates.logProbabilities.indexOf(0);
  }
  return tokens;
}

const collect = (text: Int32Array) =>
  collectNgrams([text], { contextWidth: 2, unit: 'context', padding: -1 });
const nothing = collect(Int32Array.of(1, 2, 3));

describe('attribution', () => {
  it('names the key that wrote the text, one in thousands', () => {
    const ngrams = collect(write(1234, 60));
    for (const screen of [undefined, { share: 0.3, level: 0.2 }]) {
      const found = attributeKeys(ngrams, ring(0, 3000), screen === undefined ? {} : { screen });
      expect(found).toMatchObject({ tried: 3000, alpha: 1e-3, method: 'holm' });
      expect(found.verdicts[0]).toMatchObject({ id: 'account-1234', named: true });
      expect(found.verdicts.filter(({ named }) => named)).toHaveLength(1);
      expect(found.verdicts).toHaveLength(10);
      expect(found.logGap).toBeGreaterThan(10);
    }
    const fdr = attributeKeys(ngrams, ring(0, 3000), { method: 'e-bh' });
    expect(fdr.verdicts.filter(({ named }) => named).map(({ id }) => id)).toEqual(['account-1234']);
  });

  it('is Holm, however the ring is ordered and whatever is forgotten on the way', () => {
    const random = new Random(8);
    for (let round = 0; round < 20; round++) {
      const size = 1 + random.integer(6000);
      const strong = random.integer(40);
      const logPs = Array.from({ length: size }, (_, i) =>
        i < strong ? Math.log(0.1 / size) + random.normal() : Math.log(random.uniformOpen()),
      ).map((logP) => Math.min(0, logP));
      random.shuffle(logPs);
      const sorted = [...logPs].sort((a, b) => a - b);
      let rejected = 0;
      while (rejected < size && sorted[rejected]! + Math.log(size - rejected) <= Math.log(0.2)) rejected++;
      const { verdicts, tried } = attributeKeys(nothing, given(logPs), { alpha: 0.2 });
      expect(tried).toBe(size);
      expect(verdicts.filter(({ named }) => named)).toHaveLength(rejected);
      expect(verdicts.map(({ logP }) => logP)).toEqual(sorted.slice(0, verdicts.length));
    }
  });

  it('rarely names anybody when nobody wrote the text', () => {
    const random = new Random(31);
    let [wrong, screened] = [0, 0];
    for (let text = 0; text < 60; text++) {
      const ngrams = collect(Int32Array.from({ length: 80 }, () => random.integer(30)));
      const keys = [...ring(text * 200, 200)];
      if (attributeKeys(ngrams, keys, { alpha: 0.1 }).verdicts[0]!.named) wrong++;
      const screen = { share: 0.25, level: 0.3 };
      if (attributeKeys(ngrams, keys, { alpha: 0.1, screen }).verdicts[0]!.named) screened++;
    }
    expect(boundProportionBelow(wrong, 60, 1e-6)).toBeLessThan(0.1);
    expect(boundProportionBelow(screened, 60, 1e-6)).toBeLessThan(0.1);
  });

  it('tries many vLLM keys at once with the same result', () => {
    const ngrams = collect(write(77, 50));
    const keys = Array.from({ length: 5000 }, (_, i) => ({ id: `account-${i}`, key: BigInt(i) }));
    const one = attributeKeys(ngrams, ring(0, 5000));
    const many = judgeKeys(testVllmGumbelRing(ngrams, keys), ngrams.count);
    expect(many.verdicts.map(({ id }) => id)).toEqual(one.verdicts.map(({ id }) => id));
    expect(many.verdicts[0]!.id).toBe('account-77');
    for (const [i, { logP, excess }] of many.verdicts.entries()) {
      expect(logP).toBeCloseTo(one.verdicts[i]!.logP, 9);
      expect(excess).toBeCloseTo(one.verdicts[i]!.excess, 9);
    }
  });

  it('takes an empty ring and a ring of one', () => {
    expect(attributeKeys(nothing, [])).toMatchObject({ verdicts: [], tried: 0, logGap: 0 });
    expect(attributeKeys(nothing, given([-9]))).toMatchObject({ tried: 1, logGap: 0 });
    expect(attributeKeys(nothing, given([-9])).verdicts[0]).toMatchObject({ logAdjustedP: -9, named: true });
    expect(() => attributeKeys(nothing, [], { alpha: 0 })).toThrowError(
      expect.objectContaining({ code: 'MARK_ARGUMENT' }),
    );
  });
});
