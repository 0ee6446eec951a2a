import { boundProportionBelow, logBinomialUpperTail, logIncompleteGamma, Random } from '@phalanx/stats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pivot } from '../mark.js';
import { linearLayerWeights, type MarkTestOptions, testMark } from './log-p.js';
import { drawMarkedValues, drawNullValues, PIVOTS } from './null-values.test.support.js';

const argument = expect.objectContaining({ code: 'MARK_ARGUMENT' });

describe('the fixed-sample test', () => {
  it('keeps its level under the null and finds marks, for every pivot and weighting', () => {
    const random = new Random(1);
    const variants: [Pivot, MarkTestOptions][] = [
      ...PIVOTS.map((pivot): [Pivot, MarkTestOptions] => [pivot, {}]),
      [PIVOTS[1]!, { secondShare: 0.5 }],
      [PIVOTS[3]!, { layerWeights: linearLayerWeights(30) }],
    ];
    for (const [pivot, options] of variants) {
      let below = 0;
      const rounds = options.layerWeights === undefined ? 1500 : 300;
      for (let i = 0; i < rounds; i++)
        if (testMark(pivot, drawNullValues(pivot, 60, random), options).logP <= Math.log(0.05)) below++;
      expect(boundProportionBelow(below, rounds, 1e-6)).toBeLessThan(0.05);
      const { logP, excess } = testMark(pivot, drawMarkedValues(pivot, 400, random), options);
      expect(logP).toBeLessThan(Math.log(1e-6));
      expect(excess).toBeGreaterThan(0.01);
    }
  });

  it('equals the textbook tails', () => {
    const random = new Random(2);
    const u = Float64Array.from({ length: 1001 }, () => random.uniform());
    const sum = u.reduce((total, x) => total - Math.log1p(-x), 0);
    expect(testMark(PIVOTS[0]!, u).logP).toBeCloseTo(logIncompleteGamma(1001, sum).logUpper, 9);
    const greens = Float64Array.from({ length: 100 }, (_, i) => (i < 35 ? 1 : 0));
    expect(testMark(PIVOTS[2]!, greens).logP).toBe(logBinomialUpperTail(35, 100, 0.25));
    const words = Float64Array.of(0b111, 0b101);
    expect(testMark({ kind: 'layers', layers: 3 }, words).logP).toBeCloseTo(Math.log(7 / 64), 12);
    // 3 + 2 + 1 and 3 + 1 of two times 6: P(sum >= 10) by counting the 64 pairs of patterns.
    let count = 0;
    for (let pair = 0; pair < 64; pair++) {
      const weigh = (w: number) => 3 * (w & 1) + 2 * ((w >> 1) & 1) + ((w >> 2) & 1);
      if (weigh(pair & 7) + weigh(pair >> 3) >= 10) count++;
    }
    const weighted = testMark({ kind: 'layers', layers: 3 }, words, { layerWeights: [3, 2, 1] });
    expect(weighted.logP).toBeCloseTo(Math.log(count / 64), 11);
  });

  it('is finite at every value that a pivot can have, and never positive', () => {
    const extreme = fc.constantFrom(0, 2 ** -24, 0.5, 1 - 2 ** -24, 1 - 2 ** -53);
    fc.assert(
      fc.property(fc.array(extreme, { maxLength: 40 }), fc.boolean(), (list, dual) => {
        const values = Float64Array.from(dual ? list.concat(list) : list);
        const { logP } = testMark({ kind: 'uniform', streams: dual ? 2 : 1 }, values);
        expect(logP).toBeLessThanOrEqual(0);
        expect(Number.isFinite(logP)).toBe(true);
      }),
    );
    for (const pivot of PIVOTS) expect(testMark(pivot, new Float64Array(0)).logP).toBe(0);
    expect(testMark(PIVOTS[2]!, new Float64Array(30)).logP).toBe(0);
    expect(Number.isFinite(testMark(PIVOTS[3]!, new Float64Array(5).fill(2 ** 30 - 1)).logP)).toBe(true);
  });

  it('refuses values that no pivot has', () => {
    expect(() => testMark(PIVOTS[0]!, Float64Array.of(1))).toThrowError(argument);
    expect(() => testMark(PIVOTS[0]!, Float64Array.of(Number.NaN))).toThrowError(argument);
    expect(() => testMark(PIVOTS[1]!, Float64Array.of(0.5))).toThrowError(argument);
    expect(() => testMark(PIVOTS[3]!, Float64Array.of(1), { layerWeights: [1] })).toThrowError(argument);
  });

  it('bounds green lists that are drawn without replacement', () => {
    // Every way to split a total of n tokens over contexts of a list of `green` of `size`: exact against what is claimed.
    for (const [size, green] of [
      [4, 1],
      [8, 2],
      [6, 3],
      [10, 9],
    ] as const)
      for (const draws of [[2, 2, 2], [3, 1], [1], [4, 4, 4, 4], [size, size]])
        checkSplit(
          size,
          green,
          draws.map((d) => Math.min(d, size)),
        );
    // Without the setting the claim fails below the mean: both tokens of a list of two, one of them green for certain.
    expect(testMark({ kind: 'green', gamma: 0.5 }, Float64Array.of(1, 0)).logP).toBeLessThan(0);
  });
});

/** P(X >= c) of the sum of hypergeometric counts is at most what the test claims at c, for every c. */
function checkSplit(size: number, green: number, draws: readonly number[]): void {
  let masses = [1];
  const choose = (n: number, k: number): number =>
    k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
  for (const d of draws) {
    const next = new Array<number>(masses.length + d).fill(0);
    for (let have = 0; have < masses.length; have++)
      for (let k = 0; k <= d; k++)
        next[have + k]! += (masses[have]! * choose(green, k) * choose(size - green, d - k)) / choose(size, d);
    masses = next;
  }
  const n = draws.reduce((a, b) => a + b, 0);
  for (let c = 0; c <= n; c++) {
    const exact = masses.slice(c).reduce((a, b) => a + b, 0);
    const values = Float64Array.from({ length: n }, (_, i) => (i < c ? 1 : 0));
    const { logP } = testMark({ kind: 'green', gamma: green / size }, values, { withoutReplacement: true });
    expect(exact).toBeLessThanOrEqual(Math.exp(logP) * (1 + 1e-12));
  }
}
