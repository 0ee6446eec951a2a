import type { Candidates } from '../mark.js';

/**
 * Gumbel-max (Aaronson 2022): the token with the largest u^(1/p), equally ln p - ln(-ln u), is chosen. Over the key the
 * choice has exactly the model's distribution; given the key it is fixed, so a repeated context repeats its token.
 */

/** Leaves the token that Gumbel-max chooses; `u` in (0, 1), one a candidate. Ties go to the lower id. */
export function chooseByGumbel(candidates: Candidates, u: Float64Array): void {
  const { logProbabilities } = candidates;
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logProbabilities.length; i++) {
    const score = logProbabilities[i]! - Math.log(-Math.log(u[i]!));
    if (score > highest) {
      highest = score;
      best = i;
    }
  }
  logProbabilities.fill(Number.NEGATIVE_INFINITY);
  if (best >= 0) logProbabilities[best] = 0;
}
