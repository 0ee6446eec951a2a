import { transform } from './fourier.js';

/** A law on 0, 1, ...: probabilities that sum to 1. */
export type Law = Float64Array;

/** `count` independent variables of one law, each times a positive integer. */
export interface Term {
  readonly law: Law;
  readonly weight: number;
  readonly count: number;
}

/** Most values that a sum is computed over; beyond, laws are coarsened upwards. */
const MAX_VALUES = 2 ** 18;
/** Standard deviations of the sum between two tilts: no tail is read further than half of that from where it is best. */
const STEP = 3;
const MAX_TILT = 64;
/** Transforms err by 1e-16 or so of a law whose mass is 1. */
const FAINT = 1e-6;

/**
 * The sum of independent variables on the integers: its upper tail in log space. Exact to 1e-9 relative while the sum has
 * at most 2^18 values; beyond, each term is rounded up to a coarser grid, which gives an upper bound.
 *
 * Laws are tilted by exp(theta x) so that the sum's mean comes near the value asked for, multiplied as Fourier
 * transforms, and tilted back: a tail is as accurate far out as near. What a tilt cost is kept for the next value.
 */
export class LawSum {
  readonly #parts: readonly Part[];
  readonly #grid: number;
  readonly #highest: number;
  readonly #mean: number;
  readonly #deviation: number;
  readonly #tails = new Map<number, Tail>();

  constructor(terms: readonly Term[]) {
    const highest = terms.reduce((sum, { law, weight, count }) => sum + (law.length - 1) * weight * count, 0);
    this.#grid = Math.ceil((highest + 1) / MAX_VALUES);
    this.#parts = terms.map(({ law, weight, count }) => ({ law: stretch(law, weight, this.#grid), count }));
    this.#highest = this.#parts.reduce((sum, part) => sum + (part.law.length - 1) * part.count, 0);
    const { mean, variance } = tiltedMoments(this.#parts, 0);
    this.#mean = mean;
    this.#deviation = Math.max(1, Math.sqrt(variance));
  }

  /** ln P(sum >= at). -Infinity beyond the highest value. */
  logTail(at: number): number {
    // A part that is rounded up brings a sum that reaches `at` to the next point of the grid, or over it.
    const value = Math.ceil(at / this.#grid);
    if (value <= 0) return 0;
    if (value > this.#highest) return Number.NEGATIVE_INFINITY;
    const step = Math.max(0, Math.round((value - this.#mean) / this.#deviation / STEP));
    let tail = this.#tails.get(step);
    if (tail === undefined) {
      tail = this.#compute(Math.min(this.#highest, this.#mean + step * STEP * this.#deviation));
      this.#tails.set(step, tail);
    }
    // The tilted law may be narrower than the sum's own: where rounding would show, the value gets a tilt of its own.
    if (tail.sums[value]! < FAINT) tail = this.#compute(value);
    return Math.min(0, Math.log(tail.sums[value]!) - tail.theta * value + tail.logScale);
  }

  #compute(centre: number): Tail {
    const theta = solveTilt(this.#parts, centre);
    const size = 2 ** Math.ceil(Math.log2(this.#highest + 1));
    const re = new Float64Array(size).fill(1);
    const im = new Float64Array(size);
    let logScale = 0;
    for (const { law, count } of this.#parts) {
      const tilted = tilt(law, theta);
      logScale += count * tilted.logMass;
      const partRe = new Float64Array(size);
      const partIm = new Float64Array(size);
      partRe.set(tilted.law);
      transform(partRe, partIm, false);
      multiplyPower(re, im, partRe, partIm, count);
    }
    transform(re, im, true);
    // sums[x] is the tail times exp(theta x): what lies further is worth less, so nothing is lost in the addition.
    const sums = new Float64Array(this.#highest + 1);
    const decay = Math.exp(-theta);
    for (let x = this.#highest, sum = 0; x >= 0; x--) {
      sum = sum * decay + Math.max(0, re[x]!);
      sums[x] = sum;
    }
    return { theta, sums, logScale };
  }
}

interface Part {
  readonly law: Law;
  readonly count: number;
}

interface Tail {
  readonly theta: number;
  readonly sums: Float64Array;
  readonly logScale: number;
}

function stretch(law: Law, weight: number, grid: number): Law {
  const out = new Float64Array(Math.ceil(((law.length - 1) * weight) / grid) + 1);
  law.forEach((p, value) => {
    out[Math.ceil((value * weight) / grid)]! += p;
  });
  return out;
}

function multiplyPower(
  re: Float64Array,
  im: Float64Array,
  factorRe: Float64Array,
  factorIm: Float64Array,
  count: number,
): void {
  for (let i = 0; i < re.length; i++)
    for (let left = count, r = factorRe[i]!, s = factorIm[i]!; left > 0; left >>= 1) {
      if (left & 1) [re[i], im[i]] = [re[i]! * r - im[i]! * s, re[i]! * s + im[i]! * r];
      [r, s] = [r * r - s * s, 2 * r * s];
    }
}

/** The law times exp(theta x), normalised, and ln of what it was divided by. */
function tilt(law: Law, theta: number): { law: Law; logMass: number } {
  const top = theta * (law.length - 1);
  const out = law.map((p, x) => p * Math.exp(theta * x - top));
  const mass = out.reduce((sum, p) => sum + p, 0);
  return { law: out.map((p) => p / mass), logMass: Math.log(mass) + top };
}

function tiltedMoments(parts: readonly Part[], theta: number): { mean: number; variance: number } {
  let [mean, variance] = [0, 0];
  for (const { law, count } of parts) {
    const tilted = tilt(law, theta).law;
    const first = tilted.reduce((sum, p, x) => sum + p * x, 0);
    mean += count * first;
    variance += count * tilted.reduce((sum, p, x) => sum + p * (x - first) ** 2, 0);
  }
  return { mean, variance };
}

/** theta >= 0 that brings the mean to `centre`; near the highest value, where none does, one that comes close. */
function solveTilt(parts: readonly Part[], centre: number): number {
  const meanAt = (theta: number) => tiltedMoments(parts, theta).mean;
  if (meanAt(0) >= centre) return 0;
  let [low, high] = [0, 1e-6];
  while (meanAt(high) < centre && high < MAX_TILT) [low, high] = [high, high * 4];
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if (meanAt(middle) < centre) low = middle;
    else high = middle;
  }
  return low;
}
