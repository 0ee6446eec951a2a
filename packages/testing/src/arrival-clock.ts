import { DAY_MS, HOUR_MS } from '@phalanx/core';
import type { Random } from './random.js';

/** Token lengths as a histogram: value and cumulative share, both ascending. */
export interface LengthHistogram {
  readonly tokens: Float64Array;
  readonly cumulative: Float64Array;
}

/**
 * A repeating intensity profile with the burstiness of a gamma renewal process run in operational time.
 * Immutable and shared between accounts; what is the account's own is its `Clock`.
 */
export interface Rhythm {
  readonly binMs: number;
  /** cumulative[i] = share of a period's events before the end of bin i; ends in 1. */
  readonly cumulative: Float64Array;
  /** Coefficient of variation of the gaps in operational time: 1 = Poisson, below smoother, above bursty. */
  readonly cv: number;
  readonly outputTokens: LengthHistogram | null;
}

/** When one account is active: a rhythm, shifted to its time zone and week. */
export interface Clock {
  readonly rhythm: Rhythm;
  readonly shiftMs: number;
}

/** Where clocks come from: the built-in model or real tenants. */
export interface ArrivalModel {
  /** A customer's clock: some diurnal, some always on. */
  drawClock(random: Random): Clock;
  /** A machine's clock: no day, no week. */
  drawMachineClock(random: Random): Clock;
}

/** @param rates Relative rate of each bin of one period; not all 0. */
export function buildRhythm(
  binMs: number,
  rates: ArrayLike<number>,
  cv: number,
  outputTokens: LengthHistogram | null = null,
): Rhythm {
  const cumulative = new Float64Array(rates.length);
  let sum = 0;
  for (let i = 0; i < rates.length; i++) cumulative[i] = sum += rates[i]!;
  for (let i = 0; i < cumulative.length; i++) cumulative[i]! /= sum;
  return { binMs, cumulative, cv, outputTokens };
}

/**
 * Draws `count` event times within [fromMs, toMs) of the world, ascending: gamma gaps of the rhythm's CV, scaled to fill
 * the interval, mapped through the inverse cumulative intensity. An interval in which the rhythm is silent gives none.
 */
export function drawTimes(
  clock: Clock,
  count: number,
  fromMs: number,
  toMs: number,
  random: Random,
): Float64Array {
  const { rhythm, shiftMs } = clock;
  const low = intensity(rhythm, fromMs + shiftMs);
  const high = intensity(rhythm, toMs + shiftMs);
  if (count === 0 || high - low < 1e-12) return new Float64Array(0);
  const shape = 1 / (rhythm.cv * rhythm.cv);
  const times = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) times[i] = sum += random.gamma(shape);
  const all = sum + random.gamma(shape);
  for (let i = 0; i < count; i++) {
    const share = all > 0 ? times[i]! / all : random.uniform();
    const at = invert(rhythm, low + share * (high - low)) - shiftMs;
    times[i] = Math.min(toMs - 1, Math.max(fromMs, Math.floor(at)));
  }
  return times.sort();
}

function intensity(rhythm: Rhythm, ms: number): number {
  const periodMs = rhythm.binMs * rhythm.cumulative.length;
  const periods = Math.floor(ms / periodMs);
  const inPeriod = (ms - periods * periodMs) / rhythm.binMs;
  const bin = Math.min(rhythm.cumulative.length - 1, Math.floor(inPeriod));
  const before = bin === 0 ? 0 : rhythm.cumulative[bin - 1]!;
  return periods + before + (rhythm.cumulative[bin]! - before) * (inPeriod - bin);
}

function invert(rhythm: Rhythm, level: number): number {
  const { cumulative, binMs } = rhythm;
  const periods = Math.floor(level);
  const rest = level - periods;
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > rest) high = middle;
    else low = middle + 1;
  }
  const before = low === 0 ? 0 : cumulative[low - 1]!;
  const width = cumulative[low]! - before;
  return (periods * cumulative.length + low + (width > 0 ? (rest - before) / width : 0)) * binMs;
}

/** A draw from a histogram. */
export function drawLength(histogram: LengthHistogram, random: Random): number {
  const u = random.uniform();
  const at = histogram.cumulative.findIndex((share) => share > u);
  return histogram.tokens[at < 0 ? histogram.tokens.length - 1 : at]!;
}

// Shares of people's time zones, hours east of UTC: the Americas, Europe and Africa, South and East Asia.
const ZONES = [-8, -7, -6, -5, -5, -4, -3, 0, 0, 1, 1, 1, 2, 3, 5.5, 5.5, 7, 8, 8, 9, 10];
const CVS = [0.6, 0.85, 1, 1.4, 1.9, 2.6, 4];
const CV_WEIGHTS = [0.08, 0.13, 0.12, 0.18, 0.17, 0.2, 0.12];

/**
 * The built-in clocks. Shares follow 421 published production tenants (ServeGen): 17 % always on, 3 % with a flat day,
 * 21 % with gaps smoother than Poisson, 34 % with a CV above 2; the rest have working hours, evenings or both, and
 * quieter weekends for two in three. So "all day", "regular" and "bursty" are each ordinary.
 */
export const builtInArrivals: ArrivalModel = {
  drawClock(random) {
    const cv = CVS[random.weighted(CV_WEIGHTS)]!;
    const zoneMs = random.choice(ZONES) * HOUR_MS;
    if (random.chance(0.2)) return { rhythm: buildRhythm(DAY_MS, [1], cv), shiftMs: zoneMs };
    const evening = random.uniform() * (random.chance(0.3) ? 2 : 0.6);
    const floor = random.chance(0.25) ? 0.3 : 0.03;
    const weekend = random.chance(0.67) ? 0.1 + 0.4 * random.uniform() : 1;
    const start = 7.5 + 2 * random.uniform();
    const rates: number[] = [];
    for (let hour = 0; hour < 168; hour++) {
      const h = hour % 24;
      const work = h >= start && h < start + 9 ? 1 - 0.35 * Number(h >= 12 && h < 13) : 0;
      const night = Math.exp(-((h - 20.5) ** 2) / 6) * evening;
      const day = Math.floor(hour / 24);
      rates.push((floor + work + night) * (day >= 5 ? weekend : 1));
    }
    return { rhythm: buildRhythm(HOUR_MS, rates, cv), shiftMs: zoneMs };
  },
  drawMachineClock(random) {
    return {
      rhythm: buildRhythm(DAY_MS, [1], CVS[random.weighted([0.3, 0.3, 0.2, 0.1, 0.1, 0, 0])]!),
      shiftMs: 0,
    };
  },
};
