import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ev from './evalue.js';
import { boundProportionBelow } from './intervals.js';
import { Random } from './random.js';

/** Integral of e(p) over (0, 1) with p = e^-L: trapezoid in L over a fine grid. */
function integrate(logE: (logP: number) => number): number {
  let sum = 0;
  const step = 1e-3;
  for (let depth = step / 2; depth < 600; depth += step) sum += Math.exp(logE(-depth) - depth) * step;
  return sum;
}

describe('calibrators', () => {
  it('integrate to at most 1 and fall with p', () => {
    for (const kappa of [0.1, 0.5, 0.9]) {
      const total = integrate((logP) => ev.logPowerE(logP, kappa));
      expect(total).toBeGreaterThan(0.9999);
      expect(total).toBeLessThan(1.000001);
    }
    // The mixture's tail beyond L = 600 is 1/600.
    expect(integrate(ev.logMixtureE)).toBeCloseTo(1 - 1 / 600, 4);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 30_000, noNaN: true }),
        fc.double({ min: 1e-3, max: 9, noNaN: true }),
        (a, d) => {
          expect(ev.logMixtureE(-a - d)).toBeGreaterThan(ev.logMixtureE(-a));
        },
      ),
    );
  });

  it('mixture equals its closed form, is 1/2 at p = 1 and has no seam between the branches', () => {
    expect(ev.logMixtureE(0)).toBeCloseTo(-Math.LN2, 15);
    for (const p of [0.9, 0.5, 0.3679, 0.3678, 0.1, 1e-6]) {
      const closed = (1 - p + p * Math.log(p)) / (p * Math.log(p) ** 2);
      expect(Math.exp(ev.logMixtureE(Math.log(p))) / closed).toBeCloseTo(1, 11);
    }
    expect(ev.logMixtureE(-1 + 1e-13) - ev.logMixtureE(-1)).toBeCloseTo(0, 12);
    expect(ev.logMixtureE(-23_026)).toBeCloseTo(23_026 - 2 * Math.log(23_026), 6);
    expect(ev.logMixtureE(Number.NEGATIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses a p-value above 1, NaN, and kappa outside (0, 1)', () => {
    expect(() => ev.logMixtureE(0.1)).toThrowError(PhalanxError);
    expect(() => ev.logPowerE(Number.NaN, 0.5)).toThrowError(PhalanxError);
    expect(() => ev.logPowerE(-1, 1)).toThrowError(PhalanxError);
  });
});

describe('combination', () => {
  it('mean, product, minimum', () => {
    const logEs = [Math.log(8), Math.log(2), Math.log(0.5)];
    expect(Math.exp(ev.logMeanE(logEs))).toBeCloseTo(3.5, 12);
    expect(Math.exp(ev.logMeanE(logEs, [1, 0, 1]))).toBeCloseTo(4.25, 12);
    expect(Math.exp(ev.logProductE(logEs))).toBeCloseTo(8, 12);
    expect(Math.exp(ev.logMinimumE(logEs))).toBeCloseTo(0.5, 12);
    expect(ev.logProductE([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])).toBe(
      Number.NEGATIVE_INFINITY,
    );
    expect(ev.logVilleBound(Math.log(20))).toBeCloseTo(Math.log(0.05), 12);
    expect(ev.logVilleBound(-3)).toBe(0);
    expect(() => ev.logMeanE([])).toThrowError(expect.objectContaining({ code: 'STATS_SHAPE' }));
    expect(() => ev.logMeanE([1], [0])).toThrowError(PhalanxError);
  });

  it('for a union null the minimum keeps its level and the product does not', () => {
    // One component truly null, the other hugely alternative: E[min] <= 1, while the product exceeds any level.
    const random = new Random(11);
    const rounds = 4000;
    let byMinimum = 0;
    let byProduct = 0;
    for (let i = 0; i < rounds; i++) {
      const nullE = ev.logPowerE(Math.log(random.uniformOpen()), 0.5);
      const alternativeE = Math.log(1e6);
      if (ev.logMinimumE([nullE, alternativeE]) >= Math.log(10)) byMinimum++;
      if (ev.logProductE([nullE, alternativeE]) >= Math.log(10)) byProduct++;
    }
    expect(boundProportionBelow(byMinimum, rounds, 1e-6)).toBeLessThanOrEqual(0.1);
    expect(boundProportionBelow(byProduct, rounds, 1e-6)).toBeGreaterThan(0.9);
  });
});

describe('EProcess', () => {
  it('obeys Ville under the null and grows under the alternative', () => {
    const random = new Random(12);
    const run = (truth: number) => {
      const process = new ev.EProcess();
      for (let slot = 0; slot < 200; slot++) process.add(Math.log(random.bernoulli(truth) ? 1.2 : 0.8));
      return process;
    };
    const rounds = 3000;
    let crossed = 0;
    for (let i = 0; i < rounds; i++)
      if (run(0.5).logRunningMaximumNotForEbh >= ev.logVilleThreshold(0.1)) crossed++;
    expect(boundProportionBelow(crossed, rounds, 1e-6)).toBeLessThanOrEqual(0.1);
    expect(crossed).toBeGreaterThan(rounds * 0.03);
    let detected = 0;
    for (let i = 0; i < 500; i++) if (run(0.6).logE >= ev.logVilleThreshold(0.1)) detected++;
    expect(boundProportionBelow(detected, 500, 1e-6)).toBeGreaterThan(0.5);
  });

  it('keeps its own books', () => {
    const process = new ev.EProcess();
    expect([process.logE, process.slots]).toEqual([0, 0]);
    process.add(2);
    process.add(-3);
    expect(process.logE).toBe(-1);
    expect(process.logRunningMaximumNotForEbh).toBe(2);
    process.add(Number.NEGATIVE_INFINITY);
    process.add(5);
    expect(process.logE).toBe(Number.NEGATIVE_INFINITY);
    expect(process.slots).toBe(4);
    expect(() => process.add(Number.NaN)).toThrowError(PhalanxError);
  });
});

describe('LateStartEProcess', () => {
  it('is the weighted mixture of the products from every start', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -6, max: 6, noNaN: true }), { maxLength: 12 }), (logEs) => {
        const process = new ev.LateStartEProcess();
        for (const logE of logEs) process.add(logE);
        let mixture = 1 / (logEs.length + 1);
        for (let s = 1; s <= logEs.length; s++)
          mixture += Math.exp(logEs.slice(s - 1).reduce((sum, logE) => sum + logE, 0)) / (s * (s + 1));
        expect(process.logE).toBeCloseTo(Math.log(mixture), 9);
        expect(process.slots).toBe(logEs.length);
      }),
    );
  });

  it('survives a slot of no hope, and refuses NaN', () => {
    const process = new ev.LateStartEProcess();
    process.add(Number.NEGATIVE_INFINITY);
    expect(process.logE).toBeCloseTo(Math.log(1 / 2), 12);
    process.add(10);
    expect(process.logE).toBeGreaterThan(10 - Math.log(6));
    expect(() => process.add(Number.NaN)).toThrowError(PhalanxError);
  });

  it('obeys Ville under the null at every slot', () => {
    const random = new Random(13);
    const rounds = 3000;
    let crossed = 0;
    for (let i = 0; i < rounds; i++) {
      const process = new ev.LateStartEProcess();
      let ever = false;
      for (let slot = 0; slot < 100; slot++) {
        process.add(Math.log(random.bernoulli(0.5) ? 1.5 : 0.5));
        ever ||= process.logE >= ev.logVilleThreshold(0.1);
      }
      if (ever) crossed++;
    }
    expect(boundProportionBelow(crossed, rounds, 1e-6)).toBeLessThanOrEqual(0.1);
    expect(crossed).toBeGreaterThan(rounds * 0.01);
  });
});
