import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logIncompleteBeta, logIncompleteGamma } from './incomplete.js';
import { logNormalUpperTail } from './normal.js';
import { Random } from './random.js';
import { logBinomialLowerTail, logPoissonLowerTail } from './tails.js';

describe('raw generator', () => {
  it('gives the reference words of xoshiro128** 1.1 from state [1, 2, 3, 4]', () => {
    const random = new Random([1, 2, 3, 4]);
    expect(Array.from({ length: 10 }, () => random.uint32())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('repeats from a seed, differs between seeds, and refuses bad ones', () => {
    const words = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 4 }, () => random.uint32());
    };
    expect(words(7)).toEqual(words(7));
    expect(words(7)).not.toEqual(words(8));
    expect(words(7)).not.toEqual(words(7 + 2 ** 32));
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53, [0, 0, 0, 0] as const]) {
      expect(() => new Random(bad as number)).toThrowError(PhalanxError);
    }
    const parent = new Random(3);
    expect(parent.fork().uint32()).not.toBe(parent.fork().uint32());
  });
});

/** Dvoretzky-Kiefer-Wolfowitz (Massart 1990): P(sup |F_n - F| > bound) <= 1e-6, exact for discrete F too. */
const SAMPLES = 40_000;
const DKW = Math.sqrt(Math.log(2 / 1e-6) / (2 * SAMPLES));

function distanceTo(draw: () => number, cdf: (x: number) => number, integer = false): number {
  const sample = Float64Array.from({ length: SAMPLES }, draw).sort();
  let worst = 0;
  for (let i = 0; i < SAMPLES; i++) {
    // Only the last of equal values carries the empirical distribution function at that value.
    if (i + 1 < SAMPLES && sample[i + 1] === sample[i]) continue;
    worst = Math.max(worst, Math.abs((i + 1) / SAMPLES - cdf(sample[i]!)));
    if (!integer && i > 0) worst = Math.max(worst, Math.abs(i / SAMPLES - cdf(sample[i]!)));
  }
  return worst;
}

describe('distributions against their exact distribution functions', () => {
  const random = new Random(20_260_101);
  const cdfNormal = (x: number) => Math.exp(logNormalUpperTail(-x));
  it.each<[string, () => number, (x: number) => number, boolean]>([
    ['uniform', () => random.uniform(), (x) => x, false],
    ['normal', () => random.normal(), cdfNormal, false],
    ['lognormal', () => random.lognormal(1, 2), (x) => cdfNormal((Math.log(x) - 1) / 2), false],
    ['exponential', () => random.exponential(), (x) => -Math.expm1(-x), false],
    ['gamma 0.1', () => random.gamma(0.1), (x) => Math.exp(logIncompleteGamma(0.1, x).logLower), false],
    ['gamma 7', () => random.gamma(7), (x) => Math.exp(logIncompleteGamma(7, x).logLower), false],
    ['beta 0.5 2', () => random.beta(0.5, 2), (x) => Math.exp(logIncompleteBeta(0.5, 2, x).logLower), false],
    ['beta 30 10', () => random.beta(30, 10), (x) => Math.exp(logIncompleteBeta(30, 10, x).logLower), false],
    ['poisson 3', () => random.poisson(3), (x) => Math.exp(logPoissonLowerTail(x, 3)), true],
    ['poisson 400', () => random.poisson(400), (x) => Math.exp(logPoissonLowerTail(x, 400)), true],
    ['binomial 10', () => random.binomial(10, 0.3), (x) => Math.exp(logBinomialLowerTail(x, 10, 0.3)), true],
    [
      'binomial 5000',
      () => random.binomial(5000, 0.9),
      (x) => Math.exp(logBinomialLowerTail(x, 5000, 0.9)),
      true,
    ],
    [
      'dirichlet cell',
      () => random.dirichlet([2, 3, 1])[0]!,
      (x) => Math.exp(logIncompleteBeta(2, 4, x).logLower),
      false,
    ],
    [
      'multinomial cell',
      () => random.multinomial(40, [1, 2, 1])[1]!,
      (x) => Math.exp(logBinomialLowerTail(x, 40, 0.5)),
      true,
    ],
    ['integer', () => random.integer(1000), (x) => (x + 1) / 1000, true],
    ['integer above 2^32', () => random.integer(3 * 2 ** 50) / (3 * 2 ** 50), (x) => x, false],
  ])('%s', (_name, draw, cdf, integer) => {
    expect(distanceTo(draw, cdf, integer)).toBeLessThan(DKW);
  });

  it('every order of a shuffle is equally likely (chi-squared, p > 1e-6)', () => {
    const seen = new Map<string, number>();
    const rounds = 48_000;
    for (let i = 0; i < rounds; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    let chi2 = 0;
    for (const count of seen.values()) chi2 += (count - rounds / 24) ** 2 / (rounds / 24);
    expect(logIncompleteGamma(23 / 2, chi2 / 2).logUpper).toBeGreaterThan(Math.log(1e-6));
  });

  it('survives tiny Dirichlet parameters and keeps multinomial totals', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-6, max: 5, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (alpha) => {
          const p = random.dirichlet(alpha);
          expect(p.every((x) => x >= 0 && x <= 1)).toBe(true);
          expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
          expect(random.multinomial(1000, p).reduce((a, b) => a + b, 0)).toBe(1000);
        },
      ),
    );
    expect([...random.multinomial(5, [0, 1, 0])]).toEqual([0, 5, 0]);
  });
});
