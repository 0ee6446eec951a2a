import { clopperPearson, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { ConditionalBound } from './accusation.js';
import { COLLUSIONS, simulateCollusion } from './collusion.js';
import { makeFingerprintCode, scoreWord } from './fingerprint-code.js';

const random = new Random(1);
const drawCode = (length: number) =>
  makeFingerprintCode(
    Uint32Array.from({ length }, () => random.uint32()),
    { colluders: 3 },
  );

describe('the bound on the score of an innocent', () => {
  it('lies above the exact chance, which all words of a short code give, and near it', () => {
    for (let trial = 0; trial < 20; trial++) {
      const code = drawCode(10);
      const shown = Float64Array.from({ length: 10 }, () => 2 * random.uniform() - 1);
      const bound = new ConditionalBound(code, shown);
      const words = Array.from({ length: 1024 }, (_, bits) =>
        Uint8Array.from({ length: 10 }, (_, i) => (bits >> i) & 1),
      );
      const scored = words.map((word) => ({
        score: scoreWord(code, word, shown),
        chance: word.reduce((product, bit, i) => product * chanceOf(code.thresholds[i]!, bit), 1),
      }));
      for (const { score } of scored) {
        const exact = scored.reduce((sum, one) => sum + (one.score >= score - 1e-12 ? one.chance : 0), 0);
        expect(Math.exp(bound.bound(score))).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
        expect(bound.bound(score)).toBeGreaterThan(Number.NEGATIVE_INFINITY);
      }
    }
  });

  it('is no evidence where a file shows nothing, and refuses what is no reading', () => {
    const code = drawCode(64);
    const silent = new ConditionalBound(code, new Float64Array(64));
    expect(silent.test(new Uint8Array(64)).logP).toBe(0);
    expect(silent.bound(1e9)).toBe(0);
    for (const bad of [Number.NaN, 1.01, Number.POSITIVE_INFINITY])
      expect(() => new ConditionalBound(code, new Float64Array(64).fill(bad))).toThrow(/-1 to 1/);
    expect(() => new ConditionalBound(code, new Float64Array(63))).toThrow();
    const loud = new ConditionalBound(code, new Float64Array(64).fill(1));
    expect(loud.bound(Number.NaN)).toBe(0);
    expect(loud.bound(Number.NEGATIVE_INFINITY)).toBe(0);
  });

  it('keeps P(p <= x) <= x for innocents under every attack, and names colluders', () => {
    const innocents: number[] = [];
    for (const [i, attack] of COLLUSIONS.entries()) {
      const result = simulateCollusion({
        codeLength: 4096,
        colluders: 3,
        noise: 0.5,
        attack,
        innocents: 300,
        seed: 10 + i,
      });
      innocents.push(...result.innocents);
      expect(Math.max(...result.colluders), attack).toBeLessThan(Math.log(1e-9));
    }
    for (const level of [0.5, 0.1, 0.01, 0.001]) {
      const below = innocents.filter((logP) => logP <= Math.log(level)).length;
      expect(clopperPearson(below, innocents.length, 1e-6).lower).toBeLessThanOrEqual(level);
    }
    expect(innocents.every((logP) => logP <= 0)).toBe(true);
  });
});

function chanceOf(threshold: number, bit: number): number {
  const p = threshold / 2 ** 32;
  return bit === 1 ? p : 1 - p;
}
