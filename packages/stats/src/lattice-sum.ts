import { log1mexp } from './log-space.js';
import { requireDomain, requireInteger, requireProbability, requireShape } from './stats-error.js';

/** `count` independent copies of a variable that takes `values[i]` (integers) with `probabilities[i]` (summing to 1). */
export interface LatticePart {
  readonly count: number;
  readonly values: ArrayLike<number>;
  readonly probabilities: ArrayLike<number>;
}

const MAX_SPAN = 100_000;
/** e^-40 = 4e-18 is what is left out of sums and integrals here. */
const NEGLIGIBLE = 40;

/** A part with the masses that exponential tilting by e^(theta v) gives it, values held relative to their mean. */
interface TiltedPart {
  readonly count: number;
  readonly deviations: Float64Array;
  readonly masses: Float64Array;
}

/**
 * ln P(X >= threshold) for a sum X of independent integer variables, to any depth. With p the masses of X tilted by
 * e^(theta x), P = M(theta) e^(-theta s) sum over m >= 0 of e^(-theta m) p(s + m), and that sum is (1/2 pi) times the
 * integral of phi(w) e^(-iws) / (1 - e^(-theta - iw)), phi the tilted characteristic function. N equidistant points give it
 * but for aliases, which are all positive (so the result is never too small but for rounding) and below e^-40 by
 * Chernoff's bound for the N that is taken. Stretches where |phi| < e^-40 are stepped over: with H = sum (1 - |phi_j|^2)/2 <=
 * -ln |phi| and H'' <= the variance, sqrt(H) moves by at most sqrt(variance/2) a unit of w. Work is therefore bounded by
 * the span of the values and hardly grows with the counts.
 *
 * Error at most 1e-11 * max(1, |result|) for counts up to 1e7 (conformance suite `watermark-statistics`, against exact
 * rational convolution and mpmath). 0 when the event is sure, -Infinity when it cannot be.
 *
 * @throws PhalanxError `STATS_DOMAIN` on values that are no integers, that span more than 100,000 within a part, on
 *   probabilities that do not sum to 1 within 1e-9; `STATS_SHAPE` when lengths differ.
 */
export function logLatticeSumUpperTail(threshold: number, parts: readonly LatticePart[]): number {
  requireInteger(threshold, 'threshold', Number.MIN_SAFE_INTEGER);
  const used = parts.map(cleanPart).filter(({ count }) => count > 0);
  const least = sum(used, ({ count, values }) => count * Math.min(...values));
  const most = sum(used, ({ count, values }) => count * Math.max(...values));
  if (threshold <= least) return 0;
  if (threshold > most) return Number.NEGATIVE_INFINITY;
  if (threshold === most)
    return sum(used, ({ count, values, probabilities }) => {
      const top = Math.max(...values);
      return count * Math.log(probabilities[values.indexOf(top)]!);
    });
  const mean = sum(used, (part) => part.count * meanOf(part));
  if (threshold > mean) return Math.min(0, aboveMean(threshold, used));
  const mirrored = used.map((part) => ({ ...part, values: part.values.map((v) => -v) }));
  return log1mexp(Math.min(0, tailOrTop(1 - threshold, mirrored)));
}

/**
 * ln P(sum over i of weights[i] * B_i >= threshold), B_i independent binomial(count, p): many layers of bits, early ones
 * weighted. Weights are integers. Method and error of `logLatticeSumUpperTail`.
 */
export function logWeightedBinomialUpperTail(
  threshold: number,
  weights: ArrayLike<number>,
  count: number,
  p: number,
): number {
  requireProbability(p, 'p');
  return logLatticeSumUpperTail(
    threshold,
    Array.from(weights, (weight) => ({ count, values: [0, weight], probabilities: [1 - p, p] })),
  );
}

interface CleanPart {
  readonly count: number;
  readonly values: number[];
  readonly probabilities: number[];
}

/** The part without impossible values, equal values merged. */
function cleanPart(part: LatticePart): CleanPart {
  requireInteger(part.count, 'count');
  requireShape(part.values.length === part.probabilities.length, 'one probability for each value');
  const masses = new Map<number, number>();
  let total = 0;
  for (let i = 0; i < part.values.length; i++) {
    requireInteger(part.values[i]!, 'value', Number.MIN_SAFE_INTEGER);
    const p = part.probabilities[i]!;
    requireProbability(p, 'probability');
    total += p;
    if (p > 0) masses.set(part.values[i]!, (masses.get(part.values[i]!) ?? 0) + p);
  }
  requireDomain(Math.abs(total - 1) <= 1e-9, 'the probabilities of a part must sum to 1');
  const values = [...masses.keys()];
  requireDomain(
    Math.max(...values) - Math.min(...values) <= MAX_SPAN,
    `the values of a part span at most ${MAX_SPAN}`,
  );
  return { count: part.count, values, probabilities: [...masses.values()] };
}

function tailOrTop(threshold: number, parts: readonly CleanPart[]): number {
  const most = sum(parts, ({ count, values }) => count * Math.max(...values));
  return threshold === most ? logLatticeSumUpperTail(threshold, parts) : aboveMean(threshold, parts);
}

/** ln P(X >= s) for mean < s < maximum. */
function aboveMean(s: number, parts: readonly CleanPart[]): number {
  const spread = Math.sqrt(sum(parts, (part) => part.count * cumulants(part, 0).variance));
  // Near the mean the tilt of the saddle point goes to 0 and with it the decay that keeps aliases away.
  const theta = Math.max(solveTilt(s, parts, spread), 1.5 / spread);
  const tilts = parts.map((part) => ({ part, ...cumulants(part, theta) }));
  const tilted = tilts.map(({ part, mean }) => tilt(part, theta, mean));
  const variance = sum(tilts, ({ part, variance: v }) => part.count * v);
  const reach = findReach(s, theta, spread, parts);
  const points = 2 * Math.ceil(Math.max(reach / 2, NEGLIGIBLE / theta)) + 1;
  const offset = sum(tilts, ({ part, mean }) => part.count * mean) - s;
  const integral = integrate(tilted, theta, offset, variance, points);
  const drop = sum(tilts, ({ part, logMgf }) => part.count * logMgf);
  const fromMean = s - sum(parts, (part) => part.count * meanOf(part));
  return drop - theta * fromMean + Math.log(integral);
}

/**
 * An N for which the tilted X lies at or above s + N, or below s - N/2, with a chance of at most 2 e^-40: Chernoff's
 * bound at a few eta, each valid, K the cumulant generating function about the untilted mean.
 */
function findReach(s: number, theta: number, spread: number, parts: readonly CleanPart[]): number {
  const cumulant = (at: number) => sum(parts, (part) => part.count * cumulants(part, at).logMgf);
  const fromMean = s - sum(parts, (part) => part.count * meanOf(part));
  const base = cumulant(theta);
  let [up, down] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let eta = 1 / spread; eta * spread < 1e4 && eta < 100; eta *= 1.5) {
    up = Math.min(up, (cumulant(theta + eta) - base + NEGLIGIBLE) / eta - fromMean);
    down = Math.min(down, (cumulant(theta - eta) - base + NEGLIGIBLE) / eta + fromMean);
  }
  return Math.max(up, 2 * down, 1);
}

/** Mean and variance under tilt, and ln of the moment generating function about the untilted mean. */
function cumulants(part: CleanPart, theta: number) {
  const centre = meanOf(part);
  const highest = Math.max(0, ...part.values.map((v) => theta * (v - centre)));
  let mass = 0;
  let first = 0;
  let second = 0;
  let excess = 0;
  for (let i = 0; i < part.values.length; i++) {
    const deviation = part.values[i]! - centre;
    const m = part.probabilities[i]! * Math.exp(theta * deviation - highest);
    mass += m;
    first += m * deviation;
    second += m * deviation * deviation;
    // Sums of expm1 keep what a tilt of 1/sqrt(count) leaves of the moment generating function above 1.
    if (highest < 1) excess += part.probabilities[i]! * Math.expm1(theta * deviation);
  }
  const mean = first / mass;
  return {
    mean: centre + mean,
    variance: Math.max(0, second / mass - mean * mean),
    logMgf: highest < 1 ? Math.log1p(excess) : highest + Math.log(mass),
  };
}

/** The theta at which the tilted mean is s. */
function solveTilt(s: number, parts: readonly CleanPart[], spread: number): number {
  const meanAt = (theta: number) => sum(parts, (part) => part.count * cumulants(part, theta).mean);
  let low = 0;
  let high = 1 / spread;
  while (meanAt(high) < s && high < 1e3) {
    low = high;
    high *= 2;
  }
  // Any theta near the saddle point will do: the identity holds for all of them.
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (meanAt(middle) < s) low = middle;
    else high = middle;
  }
  return high;
}

function tilt(part: CleanPart, theta: number, mean: number): TiltedPart {
  const top = Math.max(...part.values);
  const masses = Float64Array.from(
    part.values,
    (v, i) => part.probabilities[i]! * Math.exp(theta * (v - top)),
  );
  const total = masses.reduce((a, b) => a + b, 0);
  return {
    count: part.count,
    deviations: Float64Array.from(part.values, (v) => v - mean),
    masses: masses.map((m) => m / total),
  };
}

/** Mean over `points` frequencies of phi(w) e^(i w offset) / (1 - e^(-theta - iw)), offset = tilted mean - s. */
function integrate(
  parts: readonly TiltedPart[],
  theta: number,
  offset: number,
  variance: number,
  points: number,
): number {
  const decay = Math.exp(-theta);
  const step = (2 * Math.PI) / points;
  const last = (points - 1) / 2;
  const bounds = new ModulusBounds(parts, points);
  let total = 1 / -Math.expm1(-theta);
  for (let k = 1; k <= last; ) {
    const w = k * step;
    const { depth, roughLog } = bounds.at(k);
    if (roughLog > -NEGLIGIBLE - 1) {
      let logModulus = 0;
      let phase = w * offset;
      for (const { count, deviations, masses } of parts) {
        let c = 0;
        let s = 0;
        for (let i = 0; i < masses.length; i++) {
          const half = Math.sin((w * deviations[i]!) / 2);
          c -= 2 * masses[i]! * half * half;
          s += masses[i]! * Math.sin(w * deviations[i]!);
        }
        logModulus += (count * Math.log1p(Math.max(-1, 2 * c + c * c + s * s))) / 2;
        phase += count * Math.atan2(s, 1 + c);
      }
      // 1 / (1 - d e^(-iw)) = (1 - d cos w - i d sin w) / |.|^2
      const half = Math.sin(w / 2);
      const re = -Math.expm1(-theta) + 2 * decay * half * half;
      const im = -decay * Math.sin(w);
      total +=
        (2 * Math.exp(logModulus) * (re * Math.cos(phase) - im * Math.sin(phase))) / (re * re + im * im);
    }
    const room = Math.sqrt(Math.max(0, depth)) - Math.sqrt(NEGLIGIBLE);
    k += Math.max(1, Math.floor((room * Math.sqrt(2 / variance)) / step));
  }
  return total / points;
}

const MOST_ANGLES = 1 << 18;

/**
 * At w = 2 pi k / points: H = sum of (1 - |phi_j|^2)/2 over all variables, at most -ln |phi|, and ln |phi| to some eight digits.
 * Angles come from a table where there are few: that makes parts of many values ten times faster.
 */
class ModulusBounds {
  readonly #parts: readonly TiltedPart[];
  readonly #points: number;
  readonly #shifts: readonly Float64Array[];
  readonly #cosines: Float64Array | null = null;
  readonly #sines: Float64Array | null = null;

  constructor(parts: readonly TiltedPart[], points: number) {
    this.#parts = parts;
    this.#points = points;
    this.#shifts = parts.map(({ deviations }) => {
      const least = deviations.reduce((a, b) => Math.min(a, b));
      return deviations.map((d) => Math.round(d - least));
    });
    if (points > MOST_ANGLES || parts.every(({ masses }) => masses.length === 2)) return;
    // One angle more at either end, for quotients that round to the other side of a whole number.
    const angles = Float64Array.from({ length: points + 2 }, (_, i) => (2 * Math.PI * (i - 1)) / points);
    this.#cosines = angles.map(Math.cos);
    this.#sines = angles.map(Math.sin);
  }

  at(k: number): { depth: number; roughLog: number } {
    let depth = 0;
    let roughLog = 0;
    for (const [j, { count, masses }] of this.#parts.entries()) {
      const lost = masses.length === 2 ? this.#lostByTwo(j, k) : this.#lostByMany(j, k);
      depth += (count * lost) / 2;
      roughLog += (count * Math.log1p(-Math.min(lost, 1))) / 2;
    }
    return { depth, roughLog };
  }

  /** 1 - |phi_j|^2 */
  #lostByTwo(j: number, k: number): number {
    const { deviations, masses } = this.#parts[j]!;
    const half = Math.sin((Math.PI * k * (deviations[1]! - deviations[0]!)) / this.#points);
    return 4 * masses[0]! * masses[1]! * half * half;
  }

  #lostByMany(j: number, k: number): number {
    const { masses } = this.#parts[j]!;
    const shifts = this.#shifts[j]!;
    const points = this.#points;
    let c = 0;
    let s = 0;
    if (this.#cosines === null || this.#sines === null) {
      for (let i = 0; i < masses.length; i++) {
        const angle = (2 * Math.PI * k * shifts[i]!) / points;
        c += masses[i]! * Math.cos(angle);
        s += masses[i]! * Math.sin(angle);
      }
    } else {
      for (let i = 0; i < masses.length; i++) {
        const turn = k * shifts[i]!;
        const at = turn - points * Math.floor(turn / points) + 1;
        c += masses[i]! * this.#cosines[at]!;
        s += masses[i]! * this.#sines[at]!;
      }
    }
    return Math.max(0, 1 - c * c - s * s);
  }
}

function meanOf(part: CleanPart): number {
  let mean = 0;
  for (let i = 0; i < part.values.length; i++) mean += part.values[i]! * part.probabilities[i]!;
  return mean;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
