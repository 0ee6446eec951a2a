import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundProportionBelow } from './intervals.js';
import { countEqualLanes, LANE_CHANCE, logMinHashTail, stateJaccard } from './minhash.js';
import { estimateMixing, logMarginal, predictiveShareLogE, SHARE_GRID } from './mixing.js';
import {
  logDirichletMultinomial,
  logMultinomialKernel,
  logMultinomialRatio,
  type SparseCounts,
} from './multinomial.js';
import { Random } from './random.js';
import { RepeatDeficit, repeatProbability } from './repeat-deficit.js';
import { logGamma } from './special.js';

const sparse = (dense: ArrayLike<number>): SparseCounts => {
  const cells = Array.from(dense, (_, c) => c).filter((c) => dense[c]! > 0);
  return { cells: Int32Array.from(cells), counts: Float64Array.from(cells, (c) => dense[c]!) };
};

describe('logDirichletMultinomial', () => {
  const base = Float64Array.of(0.5, 0.25, 0.125, 0.0625, 0.0625);

  it('equals the definition by logGamma', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 5, maxLength: 5 }),
        fc.constantFrom(0.01, 0.7, 9, 100, 1e5),
        (x, kappa) => {
          const n = x.reduce((a, b) => a + b, 0);
          let want = logGamma(kappa) - logGamma(kappa + n);
          for (let c = 0; c < 5; c++) want += logGamma(kappa * base[c]! + x[c]!) - logGamma(kappa * base[c]!);
          const got = logDirichletMultinomial(sparse(x), base, kappa);
          // The definition itself loses digits when kappa is large.
          expect(Math.abs(got - want)).toBeLessThan(
            1e-12 * (1 + Math.abs(want) + kappa * Math.log(kappa + 3)),
          );
        },
      ),
    );
  });

  it('is a distribution: sequences of length 4 over 3 cells sum to 1', () => {
    const b = Float64Array.of(0.2, 0.3, 0.5);
    let total = 0;
    for (let code = 0; code < 81; code++) {
      const x = [0, 0, 0];
      for (let i = 0, rest = code; i < 4; i++, rest = Math.floor(rest / 3)) x[rest % 3]!++;
      total += Math.exp(logDirichletMultinomial(sparse(x), b, 1.7));
    }
    expect(total).toBeCloseTo(1, 13);
  });

  it('chains: DM(x1) DM(x2 | x1) = DM(x1 + x2)', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(counts, counts, fc.double({ min: 1e-3, max: 1e4, noNaN: true }), (x1, x2, kappa) => {
        const joint = logDirichletMultinomial(sparse(x1.map((n, c) => n + x2[c]!)), base, kappa);
        const chained =
          logDirichletMultinomial(sparse(x1), base, kappa) +
          logDirichletMultinomial(sparse(x2), base, kappa, sparse(x1));
        expect(Math.abs(joint - chained)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(joint)));
      }),
    );
  });

  it('impossible cells, empty counts and bad input', () => {
    const b = Float64Array.of(1, 0);
    expect(logDirichletMultinomial(sparse([0, 1]), b, 2)).toBe(Number.NEGATIVE_INFINITY);
    expect(Math.exp(logDirichletMultinomial(sparse([0, 1]), b, 2, sparse([0, 2])))).toBeCloseTo(0.5, 12);
    expect(logDirichletMultinomial(sparse([0, 0]), b, 2)).toBe(0);
    const unsorted = { cells: Int32Array.of(1, 0), counts: Int32Array.of(1, 1) };
    expect(() => logDirichletMultinomial(unsorted, b, 2)).toThrowError(
      expect.objectContaining({ code: 'STATS_SHAPE' }),
    );
    expect(() => logDirichletMultinomial(sparse([1, 1, 1]), b, 2)).toThrowError(PhalanxError);
    expect(() => logDirichletMultinomial(sparse([1]), b, 0)).toThrowError(PhalanxError);
  });

  it('multinomial ratio is the difference of kernels', () => {
    const q = Float64Array.of(0.7, 0.2, 0.1);
    const p = Float64Array.of(0.3, 0.3, 0.4);
    const x = sparse([3, 0, 2]);
    expect(logMultinomialRatio(x, q, p)).toBeCloseTo(
      logMultinomialKernel(x, q) - logMultinomialKernel(x, p),
      12,
    );
    expect(logMultinomialRatio(x, Float64Array.of(1, 0, 0), p)).toBe(Number.NEGATIVE_INFINITY);
    expect(logMultinomialRatio(x, q, Float64Array.of(1, 0, 0))).toBe(Number.POSITIVE_INFINITY);
    expect(() => logMultinomialRatio(x, Float64Array.of(1, 0, 0), Float64Array.of(1, 0, 0))).toThrowError(
      PhalanxError,
    );
  });
});

describe('mixing distribution', () => {
  const simulate = (random: Random, accounts: number, share: () => number) => {
    const n = Array.from({ length: accounts }, () => 5 + random.poisson(20));
    const x = n.map((trials) => random.binomial(trials, share()));
    return { n, x };
  };

  it('grid and marginals are what they say', () => {
    expect(SHARE_GRID.length).toBe(46);
    expect([SHARE_GRID[0], SHARE_GRID[1]]).toEqual([1e-5, 3e-4]);
    expect(SHARE_GRID[45]).toBeCloseTo(0.97, 12);
    const weights = estimateMixing([0, 3, 9], [10, 10, 10]);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(0.02 / 46 - 1e-15);
    let total = 0;
    for (let x = 0; x <= 30; x++) total += Math.exp(logMarginal(x, 30, weights));
    expect(total).toBeCloseTo(1, 12);
    expect(estimateMixing([], [])[7]).toBeCloseTo(1 / 46, 14);
    expect(() => estimateMixing([2], [1])).toThrowError(PhalanxError);
    expect(() => logMarginal(1, 2, [1])).toThrowError(expect.objectContaining({ code: 'STATS_SHAPE' }));
  });

  it('raises the likelihood over uniform weights and finds a point mass', () => {
    const random = new Random(51);
    const { n, x } = simulate(random, 600, () => 0.2);
    const weights = estimateMixing(x, n);
    const mean = SHARE_GRID.reduce((sum, g, i) => sum + g * weights[i]!, 0);
    expect(mean).toBeGreaterThan(0.18);
    expect(mean).toBeLessThan(0.23);
    const uniform = new Float64Array(46).fill(1 / 46);
    expect(predictiveShareLogE(x, n, weights, uniform)).toBeGreaterThan(100);
    // Repeated accounts are one row with a multiplicity: the same answer either way.
    const doubled = estimateMixing([...x, ...x], [...n, ...n]);
    for (let g = 0; g < 46; g++) expect(doubled[g]!).toBeCloseTo(weights[g]!, 10);
  });

  it('e-value: level held on independent pools, power on an even mixture', () => {
    const random = new Random(52);
    const spread = () => random.beta(0.3, 2.5);
    const population = estimateMixing(...pair(simulate(random, 4000, spread)));
    const rounds = 300;
    let false10 = 0;
    for (let i = 0; i < rounds; i++) {
      const half = simulate(random, 60, spread);
      const other = simulate(random, 60, spread);
      if (predictiveShareLogE(other.x, other.n, estimateMixing(half.x, half.n), population) >= Math.log(10))
        false10++;
    }
    expect(boundProportionBelow(false10, rounds, 1e-6)).toBeLessThanOrEqual(0.1);
    const even = () => 0.12;
    let found = 0;
    for (let i = 0; i < 30; i++) {
      const half = simulate(random, 100, even);
      const other = simulate(random, 100, even);
      if (predictiveShareLogE(other.x, other.n, estimateMixing(half.x, half.n), population) >= Math.log(1e6))
        found++;
    }
    expect(boundProportionBelow(found, 30, 1e-6)).toBeGreaterThan(0.5);
  });

  function pair({ n, x }: { n: number[]; x: number[] }): [number[], number[]] {
    return [x, n];
  }
});

describe('RepeatDeficit', () => {
  const lambda0 = 3.5e-5;
  const runTo = (random: Random, items: number, lambda: number): RepeatDeficit => {
    const process = new RepeatDeficit();
    for (let m = 0; m < items; m++)
      process.addItem(random.bernoulli(repeatProbability(lambda, m)), repeatProbability(lambda0, m));
    return process;
  };

  it('expected factor is exactly 1 at p0 and falls above it', () => {
    for (const p0 of [0, 0.01, 0.3, 0.9]) {
      const factor = (repeat: boolean) => {
        const process = new RepeatDeficit();
        process.addItem(repeat, p0);
        return Math.exp(process.logE);
      };
      const mean = (p: number) => p * factor(true) + (1 - p) * factor(false);
      expect(mean(p0)).toBeCloseTo(1, 12);
      for (let p = p0; p <= 1; p += 0.05) expect(mean(p)).toBeLessThanOrEqual(1 + 1e-12);
    }
  });

  it('keeps its level at the boundary and above, stopped at its own best moment', () => {
    for (const [seed, lambda] of [
      [61, lambda0],
      [62, 3 * lambda0],
    ] as const) {
      const random = new Random(seed);
      const rounds = 400;
      let crossed = 0;
      for (let i = 0; i < rounds; i++) {
        const process = new RepeatDeficit();
        for (let m = 0; m < 900; m++) {
          process.addItem(random.bernoulli(repeatProbability(lambda, m)), repeatProbability(lambda0, m));
          if (process.logE >= Math.log(10)) {
            crossed++;
            break;
          }
        }
      }
      expect(boundProportionBelow(crossed, rounds, 1e-6)).toBeLessThanOrEqual(0.1);
    }
  });

  it('a list that never repeats reaches 10^6 near 1,000 items, as the closed form says', () => {
    const process = runTo(new Random(63), 1000, 0);
    // Mean of products with no repeat: (1/3) sum exp((1-t) m) to first order, m = lambda0 n(n-1)/2.
    const m = (lambda0 * 1000 * 999) / 2;
    const poisson = Math.log([0.05, 0.2, 0.5].reduce((sum, t) => sum + Math.exp((1 - t) * m), 0) / 3);
    expect(process.logE).toBeGreaterThan(Math.log(1e6));
    expect(Math.abs(process.logE / poisson - 1)).toBeLessThan(0.02);
    expect(process.counts).toMatchObject({ items: 1000, repeats: 0 });
    expect(() => process.addItem(true, 1)).toThrowError(PhalanxError);
  });

  it('clustered repeats void it: the same average rate, in rare bursts, breaks the level', () => {
    const random = new Random(64);
    const rounds = 300;
    let crossed = 0;
    for (let i = 0; i < rounds; i++) {
      const process = new RepeatDeficit();
      // A tenth of the pools hold one customer who repeats ten times as often; the average over pools is lambda0.
      const lambda = random.bernoulli(0.1) ? 10 * lambda0 : 0;
      for (let m = 0; m < 900; m++)
        process.addItem(random.bernoulli(repeatProbability(lambda, m)), repeatProbability(lambda0, m));
      if (process.logE >= Math.log(10)) crossed++;
    }
    expect(boundProportionBelow(crossed, rounds, 1e-6)).toBeGreaterThan(0.5);
  });
});

describe('MinHash lanes', () => {
  it('counts equal lanes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (a, b) => {
          expect(countEqualLanes(a, b)).toBe([...a].filter((lane, i) => lane === b[i]).length);
          expect(countEqualLanes(a, a)).toBe(64);
        },
      ),
    );
    expect(() => countEqualLanes(new Uint8Array(3), new Uint8Array(4))).toThrowError(PhalanxError);
  });

  it('states J with its interval; chance agreement is J = 0', () => {
    expect(stateJaccard(64, 64, 0.05)).toMatchObject({ estimate: 1, upper: 1 });
    expect(stateJaccard(0, 64, 0.05)).toMatchObject({ estimate: 0, lower: 0 });
    expect(stateJaccard(1, 256, 0.05).estimate).toBe(0);
    expect(logMinHashTail(64, 64, 0)).toBeCloseTo(64 * Math.log(LANE_CHANCE), 10);
    expect(logMinHashTail(0, 64, 0)).toBe(0);
  });

  it('covers J on real independent min-hashes', () => {
    const random = new Random(71);
    const lanes = 64;
    // Two sets of 60 sharing 40: J = 40/80.
    const jaccard = 0.5;
    const rounds = 300;
    let missed = 0;
    for (let round = 0; round < rounds; round++) {
      const a = new Uint8Array(lanes);
      const b = new Uint8Array(lanes);
      for (let lane = 0; lane < lanes; lane++) {
        let leastA = 2 ** 32;
        let leastB = 2 ** 32;
        for (let item = 0; item < 80; item++) {
          const hash = random.uint32();
          if (item < 60) leastA = Math.min(leastA, hash);
          if (item >= 20) leastB = Math.min(leastB, hash);
        }
        a[lane] = leastA & 255;
        b[lane] = leastB & 255;
      }
      const { lower, upper } = stateJaccard(countEqualLanes(a, b), lanes, 0.05);
      if (jaccard < lower || jaccard > upper) missed++;
    }
    expect(boundProportionBelow(missed, rounds, 1e-6)).toBeLessThanOrEqual(0.05);
  });
});
