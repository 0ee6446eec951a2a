import { logBinomialUpperTail, Random } from '@phalanx/stats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineLabs, countProved, neededLog10E, type Tenths } from './joint-evidence.js';

const tenths = fc.option(fc.integer({ min: -99, max: 99 }), { freq: 8 });
const labs = fc.array(tenths, { minLength: 2, maxLength: 7 });

describe('evidence of several labs', () => {
  it('is never above the product over any set of labs that a hypothesis leaves null', () => {
    fc.assert(
      fc.property(labs, fc.nat(), fc.nat(), (evidence, pick, order) => {
        const u = 1 + (pick % evidence.length);
        const turned = evidence.map((_, i) => evidence[(i + order) % evidence.length]!);
        const nulls = turned.slice(0, evidence.length - u + 1);
        const product = nulls.reduce((sum: number, one) => sum + (one ?? Number.NEGATIVE_INFINITY), 0) / 10;
        expect(combineLabs(evidence, u)).toBeLessThanOrEqual(product + 1e-9);
      }),
    );
  });

  it('from two labs on is not raised by one that says too much', () => {
    fc.assert(
      fc.property(labs, fc.nat(), fc.integer({ min: -99, max: 99 }), (evidence, liar, lie) => {
        const at = liar % evidence.length;
        const others = evidence.filter((_, i) => i !== at);
        const said = evidence.map((one, i) => (i === at ? lie : one));
        const truth = others.reduce((sum: number, one) => sum + (one ?? Number.NEGATIVE_INFINITY), 0) / 10;
        expect(combineLabs(said, 2)).toBeLessThanOrEqual(truth + 1e-9);
      }),
    );
  });

  it('proves a number of labs only where the number below it is proved too', () => {
    fc.assert(
      fc.property(labs, fc.double({ min: 0, max: 6, noNaN: true }), (evidence, needed) => {
        const proved = countProved(evidence, needed);
        for (let u = 1; u <= proved; u++) expect(combineLabs(evidence, u)).toBeGreaterThanOrEqual(needed);
      }),
    );
  });

  it('spends no more than alpha on all candidates together', () => {
    let spent = 0;
    for (let number = 1; number <= 10_000; number++) spent += 10 ** -neededLog10E(number, 0.005);
    expect(spent).toBeLessThan(0.005);
    expect(spent).toBeGreaterThan(0.0049);
  });

  it('refuses a number of labs that is none', () => {
    for (const u of [0, 3, 1.5]) expect(() => combineLabs([1, 2], u)).toThrow(RangeError);
  });

  /**
   * Coalitions of four labs over ten days, with five candidates, looked at daily. Of each candidate one lab's pool is truly coordinated and
   * says a great deal, the others bet against a fair coin; whatever a lab says is rounded down to tenths.
   */
  it('reports anything false, on any day, at most as often as alpha says', () => {
    const random = new Random(17);
    const [runs, alpha] = [3_000, 0.1];
    let [falseRuns, leads] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const wealth = Array.from({ length: 5 }, () => [60, 0, 0, 0]);
      let [isFalse, isLead] = [false, false];
      for (let day = 0; day < 10; day++)
        for (const [c, own] of wealth.entries()) {
          for (const lab of [1, 2, 3]) own[lab]! += Math.log(random.uniform() < 0.5 ? 1.8 : 0.2);
          const said: Tenths[] = own.map((logE) => Math.floor((10 * logE) / Math.LN10));
          const proved = countProved(said, neededLog10E(c + 1, alpha));
          if (proved >= 2) isFalse = true;
          if (proved >= 1) isLead = true;
        }
      if (isFalse) falseRuns++;
      if (isLead) leads++;
    }
    expect(logBinomialUpperTail(falseRuns, runs, alpha)).toBeGreaterThan(Math.log(1e-3));
    // The game is not empty: it is lost now and then, and the true lab is always found.
    expect(falseRuns).toBeGreaterThan(10);
    expect(leads).toBe(runs);
  });
});
