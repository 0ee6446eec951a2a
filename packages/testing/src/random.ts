/** 32-bit finaliser of MurmurHash3: a bijection on 32-bit integers with full avalanche. */
export function mix32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** 32-bit hash of two integers. */
export function mixPair(a: number, b: number): number {
  return mix32(mix32(a) ^ Math.imul(b, 0x9e3779b1));
}

/** 32-bit hash of a string (FNV-1a over UTF-16 code units, finalised). */
export function hashString(text: string, seed = 0): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/**
 * Deterministic pseudo-random numbers: sfc32 (Doty-Humphrey, PractRand), 128 bits of state, period at least 2^32.
 * Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare = Number.NaN;

  constructor(seed: string) {
    this.#a = hashString(seed, 0x243f6a88);
    this.#b = hashString(seed, 0x85a308d3);
    this.#c = hashString(seed, 0x13198a2e);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** Uniform on 0..2^32-1. */
  uint32(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    return t >>> 0;
  }

  /** Uniform on [0, 1), 32 bits. */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** Uniform integer on [low, high], both ends included; bias below 2^-32 x (high - low). */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * factor;
      return u * factor;
    }
  }

  /** Lognormal with this mean (not median) and this standard deviation of the logarithm. */
  lognormal(mean: number, sigma: number): number {
    return mean * Math.exp(sigma * this.normal() - (sigma * sigma) / 2);
  }

  /** Exponential with this mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Gamma with this shape > 0 and scale 1 (Marsaglia and Tsang 2000; shape < 1 by their boost). May underflow to 0. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Poisson. Inversion by products below 30, else split by the gamma reduction of Ahrens and Dieter (1974). */
  poisson(mean: number): number {
    let total = 0;
    while (mean > 30) {
      const m = Math.floor(mean * 0.875);
      const x = this.gamma(m);
      if (x > mean) return total + this.binomial(m - 1, mean / x);
      total += m;
      mean -= x;
    }
    const limit = Math.exp(-mean);
    let product = this.uniform();
    while (product > limit) {
      total++;
      product *= this.uniform();
    }
    return total;
  }

  /** Successes in n trials; O(n), n is small wherever it is used. */
  binomial(n: number, p: number): number {
    let k = 0;
    for (let i = 0; i < n; i++) if (this.uniform() < p) k++;
    return k;
  }

  /** 1, 2, ... with this mean >= 1. */
  geometric(mean: number): number {
    if (mean <= 1) return 1;
    return 1 + Math.floor(Math.log(1 - this.uniform()) / Math.log(1 - 1 / mean));
  }

  choice<T>(items: readonly T[]): T {
    return items[Math.floor(this.uniform() * items.length)]!;
  }

  /** Index i with probability weights[i] / sum. Weights are not negative and not all 0. */
  weighted(weights: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i]!;
    let u = this.uniform() * total;
    for (let i = 0; i < weights.length; i++) {
      u -= weights[i]!;
      if (u < 0) return i;
    }
    return weights.length - 1;
  }

  /** Rank 0..count-1 with probability proportional to 1 / (rank + 1), by inversion of the harmonic integral. */
  zipf(count: number): number {
    return Math.min(count - 1, Math.floor((count + 1) ** this.uniform()) - 1);
  }

  /** Fisher-Yates, in place. */
  shuffle<T extends Uint32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      const held = items[i];
      items[i] = items[j]!;
      items[j] = held!;
    }
    return items;
  }

  /** Dirichlet with parameters concentration x base; base entries of 0 stay 0. Sums to 1. */
  dirichlet(base: ArrayLike<number>, concentration: number): Float64Array {
    const out = new Float64Array(base.length);
    let sum = 0;
    for (let i = 0; i < out.length; i++) {
      if (base[i]! > 0) sum += out[i] = this.gamma(concentration * base[i]!);
    }
    if (sum < 1e-280) {
      // Every gamma underflowed, which only a tiny concentration does: its limit is one certain cell.
      out.fill(0);
      out[this.weighted(base)] = 1;
      return out;
    }
    for (let i = 0; i < out.length; i++) out[i]! /= sum;
    return out;
  }
}

/** An independent generator for a part of the world, so that adding one part leaves the draws of the others alone. */
export function stream(seed: string, ...names: (string | number)[]): Random {
  return new Random(`${seed}\u0000${names.join('\u0000')}`);
}
