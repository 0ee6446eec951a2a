import type { Mark } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { requireInteger } from '../watermark-error.js';
import { scoreValues } from './centred-score.js';

/** Most decoy keys of one test. */
export const MAX_DECOYS = 1_000_000;

/** How the tested key stands among keys that nobody ever used. */
export interface KeyRank {
  /** Null: key and data are independent, so that all K + 1 keys are alike. ln of (1 + decoys at least as high) / (1 + K). */
  readonly logP: number;
  readonly decoys: number;
  /** Sum of weight times score under the key. */
  readonly statistic: number;
  /** Effect: distance of `statistic` from the decoys' mean in their standard deviations; 0 when these do not vary. */
  readonly z: number;
  readonly decoyMean: number;
  readonly decoyDeviation: number;
}

/**
 * Ranks a key among `decoys` fresh ones on the same n-grams, once for each list of weights. Exact whatever the weights, the
 * dialect's keyed function, repetitions and the model, as long as n-grams and weights were fixed without the key and decoys
 * are drawn as the key was (Phipson and Smyth 2010). Never below 1 / (1 + decoys). The ranks share their decoys.
 *
 * @param openDecoy the mark under a fresh key; called `decoys` times
 * @throws PhalanxError `MARK_ARGUMENT` unless 1 to `MAX_DECOYS` decoys are asked for
 */
export function rankKey(
  mark: Mark,
  openDecoy: () => Mark,
  decoys: number,
  ngrams: Ngrams,
  weightings: readonly Float64Array[],
): KeyRank[] {
  requireInteger(decoys, 'decoys', 1, MAX_DECOYS);
  const rows = weightings.map((weights) => ({ weights, statistic: 0, atLeast: 1, mean: 0, squares: 0 }));
  const own = scoreValues(mark.pivot, mark.read(ngrams));
  for (const row of rows) row.statistic = sumProducts(own, row.weights);
  for (let k = 1; k <= decoys; k++) {
    const decoy = openDecoy();
    const scores = scoreValues(decoy.pivot, decoy.read(ngrams));
    for (const row of rows) {
      const value = sumProducts(scores, row.weights);
      // Equal sums may differ in their last bits; a tie that is missed would make p too small.
      if (value >= row.statistic - 1e-10 * Math.abs(row.statistic)) row.atLeast++;
      const step = value - row.mean;
      row.mean += step / k;
      row.squares += step * (value - row.mean);
    }
  }
  return rows.map(({ statistic, atLeast, mean, squares }) => {
    const decoyDeviation = Math.sqrt(squares / Math.max(1, decoys - 1));
    return {
      logP: Math.log(atLeast / (decoys + 1)),
      decoys,
      statistic,
      z: decoyDeviation > 0 ? (statistic - mean) / decoyDeviation : 0,
      decoyMean: mean,
      decoyDeviation,
    };
  });
}

function sumProducts(scores: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i]! * weights[i]!;
  return sum;
}
