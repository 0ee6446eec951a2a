import { requireDomain } from './stats-error.js';

/**
 * ln of p-values adjusted by Holm's step-down method (1979), in the order given: rejecting those at most ln alpha keeps the chance of
 * any false rejection at most alpha, under any dependence.
 *
 * @throws PhalanxError `STATS_DOMAIN` on a log p-value above 0 or NaN.
 */
export function adjustByHolm(logPs: ArrayLike<number>): Float64Array {
  const tries = logPs.length;
  const order = Array.from({ length: tries }, (_, i) => i).sort((a, b) => logPs[a]! - logPs[b]!);
  const adjusted = new Float64Array(tries);
  let highest = Number.NEGATIVE_INFINITY;
  order.forEach((i, rank) => {
    requireDomain(logPs[i]! <= 0, `a log p-value must be <= 0, not ${logPs[i]}`);
    highest = Math.max(highest, Math.min(0, logPs[i]! + Math.log(tries - rank)));
    adjusted[i] = highest;
  });
  return adjusted;
}
