import type { Mark } from '../mark.js';
import { logTiltMean, scoreValues } from './centred-score.js';
import type { WeightedNgrams } from './weighted-ngrams.js';

/**
 * ln of Chernoff's upper bound on P(sum of weight times score >= what was seen), least over tilts. Null: scores are drawn
 * as the pivot says, independently, and the weights, none negative, were fixed without the key. A green list of exact size,
 * whose scores are negatively associated, obeys it too (Joag-Dev and Proschan 1983). It is an upper bound, above the exact
 * p-value by about the square root of the evidence; `rankKey` is exact and ends at 1 / (1 + K).
 */
export function boundWeightedSum(mark: Mark, { ngrams, weights }: WeightedNgrams): number {
  const scores = scoreValues(mark.pivot, mark.read(ngrams));
  let sum = 0;
  let heaviest = 0;
  for (let i = 0; i < scores.length; i++) {
    if (!(weights[i]! >= 0)) return 0;
    sum += weights[i]! * scores[i]!;
    heaviest = Math.max(heaviest, weights[i]!);
  }
  if (sum <= 0) return 0;
  const { pivot } = mark;
  const exponent = (t: number) => {
    let total = -t * sum;
    for (let i = 0; i < weights.length; i++) total += logTiltMean(pivot, t * weights[i]!);
    return Number.isNaN(total) ? Number.POSITIVE_INFINITY : total;
  };
  // Convex in t, so any t gives a valid bound and golden sections find a good one.
  let low = 0;
  let high = pivot.kind === 'uniform' ? pivot.streams / heaviest : 1;
  if (pivot.kind !== 'uniform') while (high < 1e6 && exponent(2 * high) < exponent(high)) high *= 2;
  if (pivot.kind !== 'uniform') high *= 2;
  let best = 0;
  for (let step = 0; step < 40; step++) {
    const left = high - (high - low) * 0.618034;
    const right = low + (high - low) * 0.618034;
    const [atLeft, atRight] = [exponent(left), exponent(right)];
    best = Math.min(best, atLeft, atRight);
    if (atLeft < atRight) high = right;
    else low = left;
  }
  return best;
}
