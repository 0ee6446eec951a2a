import { boundProportionAbove, boundProportionBelow, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { testLikelihood } from './likelihood-test.js';
import { testMark } from './log-p.js';
import { drawMarkedValues, drawNullValues, PIVOTS } from './null-values.test.support.js';

const argument = expect.objectContaining({ code: 'MARK_ARGUMENT' });

describe('the likelihood test', () => {
  it('is exact on uniform values and valid on coarse ones', () => {
    const random = new Random(3);
    for (const pivot of PIVOTS.slice(0, 2)) {
      const rounds = 200;
      let [exact, coarse] = [0, 0];
      for (let i = 0; i < rounds; i++) {
        const fine = drawNullValues(pivot, 40, random).map(() => random.uniform());
        if (testLikelihood(pivot, fine).logP <= Math.log(0.1)) exact++;
        if (testLikelihood(pivot, drawNullValues(pivot, 40, random)).logP <= Math.log(0.1)) coarse++;
      }
      expect(boundProportionBelow(exact, rounds, 1e-6)).toBeLessThan(0.1);
      expect(boundProportionAbove(exact, rounds, 1e-6)).toBeGreaterThan(0.1);
      expect(boundProportionBelow(coarse, rounds, 1e-6)).toBeLessThan(0.1);
    }
  });

  it('gives stronger evidence than the sum of -ln(1 - u) where entropy varies', () => {
    const random = new Random(4);
    for (const pivot of PIVOTS.slice(0, 2)) {
      let [likelihood, sum] = [0, 0];
      for (let i = 0; i < 20; i++) {
        const values = drawMarkedValues(pivot, 300, random);
        likelihood += testLikelihood(pivot, values).logP;
        sum += testMark(pivot, values).logP;
      }
      expect(likelihood).toBeLessThan(sum);
    }
  });

  it('is finite at the ends, and refuses what it cannot test', () => {
    for (const u of [0, 0.5, 1 - 2 ** -53]) {
      const { logP } = testLikelihood(PIVOTS[0]!, new Float64Array(500).fill(u));
      expect(Number.isFinite(logP)).toBe(true);
      expect(logP).toBeLessThanOrEqual(0);
    }
    expect(testLikelihood(PIVOTS[0]!, new Float64Array(0)).logP).toBe(0);
    expect(() => testLikelihood(PIVOTS[2]!, new Float64Array(3))).toThrowError(argument);
    expect(() => testLikelihood(PIVOTS[0]!, Float64Array.of(1))).toThrowError(argument);
    expect(() => testLikelihood(PIVOTS[1]!, Float64Array.of(0, 0), { secondShare: 2 })).toThrowError(
      argument,
    );
  });
});
