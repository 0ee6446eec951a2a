import { logBinomialUpperTail, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { LawSum } from './law-sum.js';
import { descendingWeights, SynthidTableNull } from './synthid-null.js';

const coin = Float64Array.of(0.5, 0.5);

function convolve(laws: readonly Float64Array[]): Float64Array {
  return laws.reduce((sum, law) => {
    const out = new Float64Array(sum.length + law.length - 1);
    sum.forEach((p, x) => {
      law.forEach((q, y) => {
        out[x + y]! += p * q;
      });
    });
    return out;
  });
}

describe('a sum of laws', () => {
  it('of coins is binomial, to any depth', () => {
    const sum = new LawSum([{ law: coin, weight: 1, count: 3000 }]);
    for (const at of [0, 1, 1200, 1500, 1501, 1600, 1900, 2500, 2999, 3000]) {
      const expected = logBinomialUpperTail(at, 3000, 0.5);
      expect(Math.abs(sum.logTail(at) - expected)).toBeLessThan(1e-9 * Math.max(1, -expected));
    }
    expect(sum.logTail(3001)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('of weighted laws is their convolution', () => {
    const law = Float64Array.of(0.1, 0, 0.6, 0.05, 0.25);
    const stretched = new Float64Array(13);
    law.forEach((p, x) => {
      stretched[3 * x] = p;
    });
    const exact = convolve([law, law, stretched, coin]);
    const sum = new LawSum([
      { law, weight: 1, count: 2 },
      { law, weight: 3, count: 1 },
      { law: coin, weight: 1, count: 1 },
    ]);
    for (let at = 0; at < exact.length; at++) {
      const tail = exact.subarray(at).reduce((a, b) => a + b, 0);
      expect(Math.exp(sum.logTail(at))).toBeCloseTo(tail, 12);
    }
  });

  it('with too many values is bounded from above, closely', () => {
    const flat = new Float64Array(400_001);
    for (const x of [0, 77_777, 200_001, 399_999, 400_000]) flat[x] = 0.2;
    const sum = new LawSum([{ law: flat, weight: 1, count: 2 }]);
    const exact = (at: number) => {
      let p = 0;
      for (const x of [0, 77_777, 200_001, 399_999, 400_000])
        for (const y of [0, 77_777, 200_001, 399_999, 400_000]) if (x + y >= at) p += 0.04;
      return p;
    };
    for (const at of [1, 77_777, 155_554, 400_000, 600_002, 799_999, 800_000]) {
      expect(Math.exp(sum.logTail(at))).toBeGreaterThanOrEqual(exact(at) * (1 - 1e-9));
      expect(Math.exp(sum.logTail(at))).toBeLessThanOrEqual(exact(Math.max(0, at - 10)) * (1 + 1e-9));
    }
  });
});

describe('the null of a table', () => {
  const random = new Random(7);
  const table = Uint8Array.from({ length: 16 }, () => (random.uniform() < 0.7 ? 1 : 0));
  const cells = Uint32Array.from({ length: 40 }, () => random.integer(5) * random.integer(4));

  it('is the share of all keys that say as much, however unfair the table and repetitive the text', () => {
    const law = new SynthidTableNull(cells, table, Uint32Array.of(3, 1));
    const count = (offset: number) => cells.reduce((sum, cell) => sum + table[(cell + offset) & 15]!, 0);
    const scores: number[] = [];
    for (let a = 0; a < 16; a++) for (let b = 0; b < 16; b++) scores.push(3 * count(a) + count(b));
    for (let a = 0; a < 16; a++)
      for (let b = 0; b < 16; b++) {
        const score = 3 * count(a) + count(b);
        const p = scores.filter((other) => other >= score).length / 256;
        const { logP, scored } = law.test(Uint32Array.of(a, b));
        expect(logP).toBeCloseTo(Math.log(p), 9);
        expect(scored).toBe(40);
      }
    expect([...law.countOnes(Uint32Array.of(0, 9))]).toEqual([count(0), count(9)]);
  });

  it('knows when keys are drawn from fewer numbers than the table has entries, or from more', () => {
    for (const keySpace of [3, 40]) {
      const law = new SynthidTableNull(cells, table, Uint32Array.of(1), keySpace);
      const offsets = Array.from({ length: keySpace }, (_, key) =>
        Number((BigInt(key) * 6364136223846793005n + 1n) & 15n),
      );
      const counts = offsets.map((offset) => law.countOnes(Uint32Array.of(offset))[0]!);
      offsets.forEach((offset, key) => {
        const p = counts.filter((count) => count >= counts[key]!).length / keySpace;
        expect(law.test(Uint32Array.of(offset)).logP).toBeCloseTo(Math.log(p), 9);
      });
    }
  });

  it('says nothing of an empty text, and never more than the key has', () => {
    const empty = new SynthidTableNull(new Uint32Array(0), table, Uint32Array.of(1, 1));
    expect(empty.test(Uint32Array.of(1, 2))).toEqual({ logP: 0, scored: 0, excess: 0 });
    const law = new SynthidTableNull(cells, table, descendingWeights(30));
    const most = Array.from({ length: 16 }, (_, offset) => law.countOnes(Uint32Array.of(offset))[0]!);
    const best = most.indexOf(Math.max(...most));
    const { logP } = law.test(new Uint32Array(30).fill(best));
    expect(logP).toBeGreaterThanOrEqual(-30 * Math.log(16) - 1e-9);
    expect(logP).toBeLessThan(-30);
  });

  it('refuses what is not of the table', () => {
    expect(() => new SynthidTableNull(Uint32Array.of(16), table, Uint32Array.of(1))).toThrow(/outside/);
    expect(() => new SynthidTableNull(cells, new Uint8Array(12), Uint32Array.of(1))).toThrow(/2\^n/);
    const law = new SynthidTableNull(cells, table, Uint32Array.of(1));
    expect(() => law.test(Uint32Array.of(1, 2))).toThrow(/weight/);
  });
});
