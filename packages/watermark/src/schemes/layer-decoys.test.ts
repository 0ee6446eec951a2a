import { boundProportionBelow, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { LayerDecoys } from './layer-decoys.js';

const random = new Random(3);
const SCORED = 400;
const draw = (layers: number) =>
  Float64Array.from({ length: layers }, () => 200 + 5 * Math.round(8 * random.normal()));

describe('decoys', () => {
  it('give the share of all choices, a list a layer, whose sum is as large', () => {
    const weights = Uint32Array.of(3, 2, 1);
    for (let round = 0; round < 60; round++) {
      const lists = Array.from({ length: 30 }, () => draw(3));
      const own = Float64Array.from(lists[0]!, (count) => count + 2 * round);
      const all = [own, ...lists.slice(1)];
      const sumOf = (a: number, b: number, c: number) => 3 * all[a]![0]! + 2 * all[b]![1]! + all[c]![2]!;
      let share = 0;
      for (let a = 0; a < 30; a++)
        for (let b = 0; b < 30; b++)
          for (let c = 0; c < 30; c++) if (sumOf(a, b, c) >= sumOf(0, 0, 0)) share += 1 / 27_000;
      const rank = all.filter((_, i) => sumOf(i, i, i) >= sumOf(0, 0, 0)).length / 30;
      const { logP } = new LayerDecoys(lists.slice(1), SCORED, weights).test(own);
      expect(logP).toBeCloseTo(Math.log(rank > 0.05 ? rank : share), 8);
    }
  });

  it('keep the level of a text, whatever the spread of its counts', () => {
    const weights = Uint32Array.of(10, 6, 1);
    const logPs = Array.from({ length: 1200 }, () => {
      const lists = Array.from({ length: 40 }, () => draw(3));
      return new LayerDecoys(lists.slice(1), SCORED, weights).test(lists[0]!).logP;
    });
    for (const level of [0.2, 0.05, 0.01]) {
      const below = logPs.filter((logP) => logP <= Math.log(level)).length;
      expect(boundProportionBelow(below, logPs.length, 1e-6)).toBeLessThanOrEqual(level);
      expect(below).toBeGreaterThan(logPs.length * level * 0.2);
    }
  });

  it('find what stands out in every layer, as far as their number goes', () => {
    const lists = Array.from({ length: 99 }, () => draw(3));
    const { logP, excess } = new LayerDecoys(lists, SCORED, Uint32Array.of(9, 5, 1)).test(
      Float64Array.of(390, 390, 390),
    );
    expect(logP).toBeCloseTo(-3 * Math.log(100), 6);
    expect(excess).toBeCloseTo(0.95, 9);
  });

  it('refuse lists of other lengths, and say nothing of an empty text', () => {
    expect(() => new LayerDecoys([draw(3)], SCORED, Uint32Array.of(1))).toThrow(/count for each layer/);
    expect(() => new LayerDecoys([], SCORED, Uint32Array.of(1))).toThrow(/decoys/);
    const empty = new LayerDecoys([new Float64Array(1)], 0, Uint32Array.of(1));
    expect(empty.test(new Float64Array(1)).logP).toBe(0);
  });
});
