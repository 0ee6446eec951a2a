import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejectByEbh } from './ebh.js';
import { logPowerE } from './evalue.js';
import { logNormalUpperTail } from './normal.js';
import { Random } from './random.js';

/** From the definition: the largest self-consistent set, by trying every subset. */
function bruteForce(es: number[], alpha: number): number[] {
  let best: number[] = [];
  for (let mask = 0; mask < 2 ** es.length; mask++) {
    const set = es.map((_, i) => i).filter((i) => (mask >> i) & 1);
    if (
      set.every((i) => Math.log(es[i]!) >= Math.log(es.length) - Math.log(alpha) - Math.log(set.length)) &&
      set.length > best.length
    )
      best = set;
  }
  return best;
}

describe('rejectByEbh', () => {
  it('equals the largest self-consistent set', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0.3, 1, 2, 5, 9.9, 10, 12, 15, 20, 33, 40, 60, 100), {
          minLength: 1,
          maxLength: 9,
        }),
        fc.constantFrom(0.05, 0.1, 0.5, 1),
        (es, alpha) => {
          expect(rejectByEbh(es.map(Math.log), alpha).rejected).toEqual(bruteForce(es, alpha));
        },
      ),
    );
  });

  it('weights act as multiplied e-values of mean weight 1', () => {
    const es = [30, 30, 30, 30];
    expect(rejectByEbh(es.map(Math.log), 0.1).rejected).toEqual([0, 1, 2, 3]);
    expect(rejectByEbh([20, 20, 20, 20].map(Math.log), 0.05, [2, 1, 1, 0]).rejected).toEqual([]);
    expect(rejectByEbh([45, 20, 20, 20].map(Math.log), 0.05, [2, 1, 1, 0]).rejected).toEqual([0]);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 12, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (logEs) => {
          expect(
            rejectByEbh(
              logEs,
              0.1,
              logEs.map(() => 7),
            ),
          ).toEqual(
            rejectByEbh(
              logEs,
              0.1,
              logEs.map(() => 1),
            ),
          );
        },
      ),
    );
  });

  it('handles none, infinities and bad input', () => {
    expect(rejectByEbh([], 0.1)).toEqual({ rejected: [], logThreshold: Number.POSITIVE_INFINITY, tried: 0 });
    expect(rejectByEbh([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 0.1).rejected).toEqual([0]);
    expect(() => rejectByEbh([Number.NaN], 0.1)).toThrowError(PhalanxError);
    expect(() => rejectByEbh([1], 0)).toThrowError(PhalanxError);
    expect(() => rejectByEbh([1, 2], 0.1, [1])).toThrowError(
      expect.objectContaining({ code: 'STATS_SHAPE' }),
    );
  });

  it('holds the false discovery rate under strong positive and negative dependence', () => {
    const random = new Random(21);
    const alpha = 0.2;
    const m = 50;
    const nulls = 40;
    const rounds = 1500;
    for (const sign of [1, -1]) {
      let proportionSum = 0;
      let proportionSquares = 0;
      let found = 0;
      for (let round = 0; round < rounds; round++) {
        const shared = random.normal();
        const logEs = Array.from({ length: m }, (_, i) => {
          const load = sign === -1 && i % 2 === 1 ? -0.9 : 0.9;
          const z = load * shared + Math.sqrt(1 - 0.81) * random.normal() + (i >= nulls ? 4.5 : 0);
          return logPowerE(logNormalUpperTail(z), 0.4);
        });
        const { rejected } = rejectByEbh(logEs, alpha);
        const wrong = rejected.filter((i) => i < nulls).length;
        const proportion = wrong / Math.max(1, rejected.length);
        proportionSum += proportion;
        proportionSquares += proportion ** 2;
        found += rejected.length - wrong;
      }
      // Hoeffding at 1e-6: the mean of [0,1] variables exceeds its expectation by less than this.
      const slack = Math.sqrt(Math.log(1e6) / (2 * rounds));
      expect(proportionSum / rounds - slack).toBeLessThanOrEqual((alpha * nulls) / m);
      expect(proportionSquares).toBeGreaterThan(0);
      expect(found / (rounds * (m - nulls))).toBeGreaterThan(0.5);
    }
  });
});
