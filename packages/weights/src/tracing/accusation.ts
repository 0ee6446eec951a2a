import { refuse } from '../weights-error.js';
import { type FingerprintCode, scoreWord } from './fingerprint-code.js';

const WORD = 2 ** 32;
const STEPS = 60;
/** Multipliers of the tilt at which every score is tried first, in units of 1 / sqrt(sum of squares). */
const FIRST_TILTS = [0.25, 0.5, 1, 1.5, 2] as const;
/** Above this many deviations the best tilt is sought. */
const SOUGHT = 2;

/**
 * Bounds the chance that an innocent holder's code word scores so much, given what a file shows.
 *
 * Let y be what the file shows at each position, X the word of a holder whose copy had no part in the file. X was drawn, by a key used for nothing
 * else, independently at each position and independently of y. With g the score of a symbol, Chernoff's bound conditional on y is
 *
 *   P(sum y_i g(X_i) >= s | y) <= exp(psi(t) - t s),  psi(t) = sum ln(p_i e^(t y_i g1_i) + (1 - p_i) e^(t y_i g0_i)),  every t >= 0.
 *
 * It holds for every y, so for every attack: no marking assumption, no limit on colluders. psi is convex; t is found by Newton's method inside
 * a bracket, and any t is valid. Source: Furon and Desoubeaux 2014 for bounds conditional on the file. The suite `weight-tracing`
 * checks P(p <= x) <= x.
 */
export class ConditionalBound {
  readonly #code: FingerprintCode;
  readonly #shown: Float64Array;
  readonly #positions: Uint32Array;
  readonly #deviation: number;
  readonly #first: readonly (readonly [tilt: number, psi: number])[];

  /** @throws PhalanxError `WEIGHTS_ARGUMENT` unless `shown` has a number from -1 to 1 for each position */
  constructor(code: FingerprintCode, shown: Float64Array) {
    if (shown.length !== code.thresholds.length || !shown.every((value) => value >= -1 && value <= 1))
      refuse('WEIGHTS_ARGUMENT', 'what a file shows is a number from -1 to 1 for each position');
    this.#code = code;
    this.#shown = shown;
    const positions: number[] = [];
    let squares = 0;
    for (let i = 0; i < shown.length; i++) {
      if (shown[i] === 0) continue;
      positions.push(i);
      squares += shown[i]! ** 2;
    }
    this.#positions = Uint32Array.from(positions);
    this.#deviation = Math.sqrt(squares);
    this.#first =
      squares === 0
        ? []
        : FIRST_TILTS.map((tilt) => [tilt / this.#deviation, this.#sum(tilt / this.#deviation).psi]);
  }

  /** Standard deviation of an innocent's score; 0 where the file shows nothing. */
  get deviation(): number {
    return this.#deviation;
  }

  /** Natural logarithm of the bound on the chance of a score at least `score`: 0 or below, finite. */
  bound(score: number): number {
    if (!(score > 0) || this.#deviation === 0) return 0;
    let best = Math.min(0, ...this.#first.map(([tilt, psi]) => psi - tilt * score));
    if (score > SOUGHT * this.#deviation) best = Math.min(best, this.#search(score));
    // Sums of a million terms are exact to about 1e-10; the bound is rounded up by more.
    return Math.min(0, best + 1e-9 * (1 + Math.abs(best)));
  }

  /** Score of a word, and its bound. */
  test(word: Uint8Array): { readonly score: number; readonly logP: number } {
    const score = scoreWord(this.#code, word, this.#shown);
    return { score, logP: this.bound(score) };
  }

  #search(score: number): number {
    let [low, high] = [0, Number.POSITIVE_INFINITY];
    let tilt = score / this.#deviation ** 2;
    let best = 0;
    for (let step = 0; step < STEPS; step++) {
      const { psi, slope, curve } = this.#sum(tilt);
      best = Math.min(best, psi - tilt * score);
      const rise = slope - score;
      if (rise < 0) low = tilt;
      else high = tilt;
      const gain = curve > 0 ? (rise * rise) / (2 * curve) : 0;
      if (gain < 1e-7 * (1 + Math.abs(best))) break;
      const next = tilt - rise / curve;
      if (next > low && next < high) tilt = Math.min(next, 4 * tilt);
      else tilt = high < Number.POSITIVE_INFINITY ? (low + high) / 2 : 2 * tilt;
    }
    return best;
  }

  /** psi and its first two derivatives. */
  #sum(tilt: number): { psi: number; slope: number; curve: number } {
    const { thresholds, one, zero } = this.#code;
    let [psi, slope, curve] = [0, 0, 0];
    for (const i of this.#positions) {
      const p = thresholds[i]! / WORD;
      const high = this.#shown[i]! * one[i]!;
      const low = this.#shown[i]! * zero[i]!;
      const distance = tilt * (high - low);
      // Weights of the tilted draw, the larger exponent taken out.
      const [w1, w0] = distance > 0 ? [p, (1 - p) * Math.exp(-distance)] : [p * Math.exp(distance), 1 - p];
      const share = w1 / (w1 + w0);
      psi += tilt * (distance > 0 ? high : low) + Math.log(w1 + w0);
      slope += share * high + (1 - share) * low;
      curve += share * (1 - share) * (high - low) ** 2;
    }
    return { psi, slope, curve };
  }
}
