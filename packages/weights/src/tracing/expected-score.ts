import { erfc } from '@phalanx/stats';
import { type Collusion, collude } from './collusion.js';

/** Points over the distribution of biases, and over what a position shows. */
const BIASES = 64;
const VALUES = 25;
const STEPS = 40;

export interface ExpectedCase {
  readonly codeLength: number;
  readonly colluders: number;
  /** Colluders that the code is cut off for. */
  readonly designed: number;
  /** Deviation of the noise on a position, where 1 is the distance of a symbol from the middle. */
  readonly noise: number;
  readonly attack: Collusion;
}

/**
 * What a colluder's p-value will be about: natural logarithm of the bound of `ConditionalBound` at a score `lower` standard deviations below its
 * expectation, with psi at its expectation. Integrals over biases, symbols and normal noise by sums; no simulation. Against
 * `simulateCollusion` it is within a tenth for p-values below 1e-20 (`npm run bench -- weight-tracing`).
 */
export function expectLogP(settings: ExpectedCase, lower = 0): number {
  const positions = tabulate(settings);
  const { codeLength } = settings;
  const { mean, variance } = measureScore(positions);
  const score = mean * codeLength - lower * Math.sqrt(variance * codeLength);
  if (score <= 0) return 0;
  const rate = score / codeLength;
  let [low, high] = [0, Number.POSITIVE_INFINITY];
  let tilt = rate / Math.max(1e-12, positions.reduce((sum, one) => sum + one.square, 0) / positions.length);
  let best = 0;
  for (let step = 0; step < STEPS; step++) {
    const { psi, slope, curve } = sumUp(positions, tilt);
    best = Math.min(best, codeLength * (psi - tilt * rate));
    if (slope < rate) low = tilt;
    else high = tilt;
    if ((codeLength * (slope - rate) ** 2) / (2 * curve) < 1e-4 * (1 + Math.abs(best))) break;
    const next = tilt - (slope - rate) / curve;
    if (next > low && next < high) tilt = Math.min(next, 4 * tilt);
    else tilt = high < Number.POSITIVE_INFINITY ? (low + high) / 2 : 2 * tilt;
  }
  return best;
}

/** Positions of one bias: how likely each value is to be shown, and what a colluder's symbol counts there. */
interface BiasCase {
  readonly p: number;
  readonly one: number;
  readonly zero: number;
  readonly values: Float64Array;
  readonly weights: Float64Array;
  /** E[y g(X)], E[y^2 g(X)^2] for a colluder's X, E[y^2]. */
  readonly mean: number;
  readonly second: number;
  readonly square: number;
}

function tabulate({ colluders, designed, noise, attack }: ExpectedCase): readonly BiasCase[] {
  const low = Math.asin(Math.sqrt(1 / (300 * designed)));
  const shown = Array.from({ length: colluders + 1 }, (_, ones) => spread(attack, ones, colluders, noise));
  return Array.from({ length: BIASES }, (_, i) => {
    const p = Math.sin(low + ((i + 0.5) / BIASES) * (Math.PI / 2 - 2 * low)) ** 2;
    const [one, zero] = [Math.sqrt((1 - p) / p), -Math.sqrt(p / (1 - p))];
    const weights = new Float64Array(VALUES);
    let [mean, second, square] = [0, 0, 0];
    for (const [ones, chance] of binomial(colluders, p).entries()) {
      const share = ones / colluders;
      for (let v = 0; v < VALUES; v++) {
        const weight = chance * shown[ones]![v]!;
        weights[v]! += weight;
        mean += weight * GRID[v]! * (share * one + (1 - share) * zero);
        second += weight * GRID[v]! ** 2 * (share * one * one + (1 - share) * zero * zero);
        square += weight * GRID[v]! ** 2;
      }
    }
    return { p, one, zero, values: GRID, weights, mean, second, square };
  });
}

/** From -1 to 1, the ends being where noise is cut. */
const GRID = Float64Array.from({ length: VALUES }, (_, v) => (2 * v) / (VALUES - 1) - 1);

/** Chances of the values of the grid, for so many ones. */
function spread(attack: Collusion, ones: number, colluders: number, noise: number): Float64Array {
  const out = new Float64Array(VALUES);
  const draws = attack === 'interleave' || attack === 'coin-flip' || ones * 2 === colluders ? 64 : 1;
  for (let i = 0; i < draws; i++) {
    const value = collude(attack, ones, colluders, (i + 0.5) / draws);
    for (let v = 0; v < VALUES; v++) {
      const half = 1 / (VALUES - 1);
      const above = v === 0 ? 1 : upperTail(GRID[v]! - half - value, noise);
      const beyond = v === VALUES - 1 ? 0 : upperTail(GRID[v]! + half - value, noise);
      out[v]! += (above - beyond) / draws;
    }
  }
  return out;
}

function upperTail(distance: number, noise: number): number {
  if (noise === 0) return distance <= 0 ? 1 : 0;
  return erfc(distance / (noise * Math.SQRT2)) / 2;
}

function binomial(count: number, p: number): readonly number[] {
  const chances: number[] = [];
  let chance = (1 - p) ** count;
  for (let k = 0; k <= count; k++) {
    chances.push(chance);
    chance *= ((count - k) / (k + 1)) * (p / (1 - p));
  }
  return chances;
}

function measureScore(positions: readonly BiasCase[]): { mean: number; variance: number } {
  const mean = positions.reduce((sum, one) => sum + one.mean, 0) / positions.length;
  const second = positions.reduce((sum, one) => sum + one.second, 0) / positions.length;
  return { mean, variance: second - mean * mean };
}

function sumUp(positions: readonly BiasCase[], tilt: number): { psi: number; slope: number; curve: number } {
  let [psi, slope, curve] = [0, 0, 0];
  for (const { p, one, zero, values, weights } of positions)
    for (let v = 0; v < VALUES; v++) {
      const weight = weights[v]! / positions.length;
      if (weight === 0) continue;
      const [high, low] = [values[v]! * one, values[v]! * zero];
      const distance = tilt * (high - low);
      const [w1, w0] = distance > 0 ? [p, (1 - p) * Math.exp(-distance)] : [p * Math.exp(distance), 1 - p];
      const share = w1 / (w1 + w0);
      psi += weight * (tilt * (distance > 0 ? high : low) + Math.log(w1 + w0));
      slope += weight * (share * high + (1 - share) * low);
      curve += weight * share * (1 - share) * (high - low) ** 2;
    }
  return { psi, slope, curve };
}
