import { requireDomain, requireInteger, requireShape } from './stats-error.js';

/** The four 32-bit words of a generator, not all zero. */
export type RandomState = readonly [number, number, number, number];

/**
 * Deterministic generator for simulation and randomisation tests: xoshiro128** 1.1 (Blackman and Vigna 2018, period
 * 2^128 - 1), seeded by splitmix32. Raw output checked against the reference implementation's first ten words from
 * state [1, 2, 3, 4]. Distributions are exact up to the rounding of a 53-bit uniform. Not for secrets: the state can be
 * recovered from a few outputs.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  #spareNormal = Number.NaN;

  /** `seed`: an integer in [0, 2^53) or an explicit state. @throws PhalanxError `STATS_DOMAIN` on anything else. */
  constructor(seed: number | RandomState) {
    let state: RandomState;
    if (typeof seed === 'number') {
      requireInteger(seed, 'seed');
      let x = (seed >>> 0) ^ Math.imul(Math.floor(seed / 4294967296), 0x85ebca6b);
      const next = () => {
        x = (x + 0x9e3779b9) | 0;
        let z = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
        z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
        return (z ^ (z >>> 16)) >>> 0;
      };
      state = [next(), next(), next(), next()];
    } else state = seed;
    requireShape(state.length === 4, 'a state has four words');
    for (const word of state) requireInteger(word, 'state word', 0, 0xffffffff);
    requireDomain(
      state.some((word) => word !== 0),
      'the state must not be all zero',
    );
    [this.#a, this.#b, this.#c, this.#d] = [state[0] | 0, state[1] | 0, state[2] | 0, state[3] | 0];
  }

  /** Next raw word, uniform on [0, 2^32). */
  uint32(): number {
    const five = Math.imul(this.#b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A generator for an independent sub-task, seeded with four words of this one. */
  fork(): Random {
    return new Random([this.uint32(), this.uint32(), this.uint32(), (this.uint32() | 1) >>> 0]);
  }

  /** Uniform on [0, 1), multiples of 2^-53. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** Uniform on (0, 1): never 0, so its logarithm is finite. */
  uniformOpen(): number {
    for (;;) {
      const u = this.uniform();
      if (u > 0) return u;
    }
  }

  /** Uniform integer on [0, below), without modulo bias. 1 <= below <= 2^53 - 1. */
  integer(below: number): number {
    requireInteger(below, 'below', 1);
    if (below <= 4294967296) {
      const limit = 4294967296 - (4294967296 % below);
      for (;;) {
        const word = this.uint32();
        if (word < limit) return word % below;
      }
    }
    const limit = 9007199254740992 - (9007199254740992 % below);
    for (;;) {
      const wide = this.uniform() * 9007199254740992;
      if (wide < limit) return wide % below;
    }
  }

  /** True with probability p. */
  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }

  /** Standard normal by Marsaglia's polar method. */
  normal(): number {
    if (!Number.isNaN(this.#spareNormal)) {
      const spare = this.#spareNormal;
      this.#spareNormal = Number.NaN;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const s = x * x + y * y;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spareNormal = y * factor;
      return x * factor;
    }
  }

  /** e^(mu + sigma Z): `mu` and `sigma` are those of the logarithm. */
  lognormal(mu: number, sigma: number): number {
    return Math.exp(mu + sigma * this.normal());
  }

  /** Exponential with rate 1. */
  exponential(): number {
    return -Math.log(this.uniformOpen());
  }

  /** ln of a Gamma(shape, 1) variate (Marsaglia and Tsang 2000); finite for any shape > 0, where the variate itself underflows. */
  logGammaVariate(shape: number): number {
    requireDomain(shape > 0 && Number.isFinite(shape), `shape must be finite and > 0, not ${shape}`);
    if (shape < 1) return this.logGammaVariate(shape + 1) + Math.log(this.uniformOpen()) / shape;
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = 1 + c * x;
      if (v <= 0) continue;
      const v3 = v * v * v;
      if (Math.log(this.uniformOpen()) < 0.5 * x * x + d - d * v3 + d * Math.log(v3)) {
        return Math.log(d) + Math.log(v3);
      }
    }
  }

  /** Gamma(shape) with scale 1. */
  gamma(shape: number): number {
    return Math.exp(this.logGammaVariate(shape));
  }

  /** Beta(a, b), a, b > 0. */
  beta(a: number, b: number): number {
    const difference = this.logGammaVariate(b) - this.logGammaVariate(a);
    return 1 / (1 + Math.exp(difference));
  }

  /** Dirichlet with the given parameters (each > 0); sums to 1 within rounding. */
  dirichlet(alpha: ArrayLike<number>): Float64Array {
    const out = new Float64Array(alpha.length);
    let peak = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < out.length; i++) {
      out[i] = this.logGammaVariate(alpha[i]!);
      peak = Math.max(peak, out[i]!);
    }
    let sum = 0;
    for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(out[i]! - peak);
    for (let i = 0; i < out.length; i++) out[i]! /= sum;
    return out;
  }

  /** Poisson with finite mean >= 0, by order statistics of the gamma process (Ahrens and Dieter 1974), O(log mean). */
  poisson(mean: number): number {
    requireDomain(mean >= 0 && Number.isFinite(mean), `mean must be finite and >= 0, not ${mean}`);
    let count = 0;
    while (mean > 16) {
      const m = Math.floor(mean * 0.875);
      const arrival = this.gamma(m);
      if (arrival > mean) return count + this.binomial(m - 1, mean / arrival);
      count += m;
      mean -= arrival;
    }
    for (let sum = this.exponential(); sum <= mean; sum += this.exponential()) count++;
    return count;
  }

  /** Binomial(n, p), by splitting at the median order statistic, a beta variate (Devroye 1986, X.4.4), O(log n). */
  binomial(n: number, p: number): number {
    requireInteger(n, 'n');
    requireDomain(p >= 0 && p <= 1, `p must be in [0, 1], not ${p}`);
    let count = 0;
    while (n > 24 && p > 0 && p < 1) {
      const middle = Math.floor((n + 1) / 2);
      const split = this.beta(middle, n + 1 - middle);
      if (split <= p) {
        count += middle;
        n -= middle;
        p = Math.min(1, (p - split) / (1 - split));
      } else {
        n = middle - 1;
        p = Math.min(1, p / split);
      }
    }
    if (p >= 1) return count + n;
    for (let i = 0; i < n; i++) if (this.uniform() < p) count++;
    return count;
  }

  /** Counts of n draws over cells with the given non-negative weights (need not sum to 1). */
  multinomial(n: number, weights: ArrayLike<number>): Float64Array {
    const out = new Float64Array(weights.length);
    let rest = 0;
    for (let i = 0; i < weights.length; i++) {
      requireDomain(weights[i]! >= 0 && Number.isFinite(weights[i]!), 'weights must be finite and >= 0');
      rest += weights[i]!;
    }
    requireDomain(rest > 0 || n === 0, 'weights must not all be zero');
    let last = weights.length - 1;
    while (last > 0 && weights[last] === 0) last--;
    for (let i = 0; i < last && n > 0; i++) {
      const drawn = this.binomial(n, Math.min(1, Math.max(0, weights[i]! / rest)));
      out[i] = drawn;
      n -= drawn;
      rest -= weights[i]!;
    }
    if (out.length > 0) out[last]! += n;
    return out;
  }

  /** Shuffles in place, every order equally likely (Fisher-Yates), and returns its argument. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }
}
