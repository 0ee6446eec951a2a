import { logMeanE, logVilleBound } from '@phalanx/stats';
import type { Pivot } from '../mark.js';
import { logTiltMean } from './centred-score.js';

/** Tilts that are mixed, as shares of what a mark does at its strongest; fixed before any data. */
const TILTS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8];

/**
 * E-process on centred scores: the mean over tilts t of prod exp(t w s) / E exp(t w s), the expectation exact for the pivot. With
 * non-negative weights it is a test supermartingale for "each score is drawn as the pivot says, given all scores and weights
 * before it", so it may be looked at and stopped at any time (Ville 1939), and weights and contexts may depend on the past.
 * A green list that a context shares is drawn without replacement: a token after k red ones of its context is green with a chance higher by
 * at most k in the vocabulary's size, which the bound does not count.
 */
export class TiltProcess {
  readonly #pivot: Pivot;
  readonly #tilts: Float64Array;
  readonly #logs: Float64Array;
  #highest = 0;

  constructor(pivot: Pivot) {
    this.#pivot = pivot;
    const unit = pivot.kind === 'layers' ? pivot.layers : pivot.kind === 'uniform' ? pivot.streams : 3;
    this.#tilts = Float64Array.from(TILTS, (tilt) => tilt * unit);
    this.#logs = new Float64Array(TILTS.length);
  }

  /** Adds scores of `scoreValues`, each with a weight in [0, 1], and returns `logE`. */
  add(scores: Float64Array, weights?: Float64Array): number {
    for (let j = 0; j < this.#tilts.length; j++) {
      const tilt = this.#tilts[j]!;
      let sum = 0;
      if (weights === undefined) {
        for (let i = 0; i < scores.length; i++) sum += scores[i]!;
        this.#logs[j]! += tilt * sum - scores.length * logTiltMean(this.#pivot, tilt);
      } else {
        for (let i = 0; i < scores.length; i++)
          sum += tilt * weights[i]! * scores[i]! - logTiltMean(this.#pivot, tilt * weights[i]!);
        this.#logs[j]! += sum;
      }
    }
    this.#highest = Math.max(this.#highest, this.logE);
    return this.logE;
  }

  /** ln of the e-value now; 0 before the first score. */
  get logE(): number {
    return logMeanE(this.#logs);
  }

  /** ln of the bound on the p-value over all times of looking so far: 1 / the highest value. At most 0. */
  get logP(): number {
    return logVilleBound(this.#highest);
  }
}
