import { logChoose, logGamma } from '@phalanx/stats';
import { refuse } from '../weights-error.js';

/**
 * Length of the longest strictly rising subsequence of partners, entries below 0 left out: patience sorting (Schensted 1961), n log n. What is
 * left of a model whose units were cut away, the others keeping their order, rises from end to end.
 */
export function countInOrder(partners: Int32Array): number {
  const ends: number[] = [];
  for (const partner of partners) {
    if (partner < 0) continue;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < partner) low = middle + 1;
      else high = middle;
    }
    ends[low] = partner;
  }
  return ends.length;
}

/**
 * ln of a bound on P(K >= total), where K adds up `countInOrder` over `groups` groups of at most `units` units each, if the units of each
 * group stand in an order drawn evenly and independently of the other model and of the other groups. The models may have any numbers of
 * units: this is the count for networks of unequal width, where no unit keeps its place.
 *
 * Of k places of a group, whatever units stand there, all k! orders are equally likely, and at most one of them has partners that rise
 * strictly (none where two share a partner or have none). So C(units, k)/k! bounds the expected number of rising subsequences of length k, whatever
 * the map; over groups the expected number of choices of rising subsequences of `total` places in all is at most the coefficient of
 * t^total in (sum over k of C(units, k) t^k / k!)^groups, and that, by Markov, bounds the probability. For every t > 0 the coefficient is
 * at most the value at t over t^total; the least over a grid of t is taken. No evidence below about e times the root of `units` a group; the
 * expected length is 2 times the root.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` unless these are counts, with a group and a unit
 */
export function logOrderCountP(total: number, units: number, groups: number): number {
  const isCount = [total, units, groups].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!isCount || units < 1 || groups < 1 || total > units * groups)
    return refuse('WEIGHTS_ARGUMENT', `${total} units in order, of ${units} in ${groups} groups`);
  const terms = Float64Array.from({ length: units + 1 }, (_, k) => logChoose(units, k) - logGamma(k + 1));
  let least = 0;
  for (let logT = -LARGEST_LOG_T; logT <= LARGEST_LOG_T; logT += STEP_LOG_T) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k <= units; k++) most = Math.max(most, terms[k]! + k * logT);
    let sum = 0;
    for (let k = 0; k <= units; k++) sum += Math.exp(terms[k]! + k * logT - most);
    least = Math.min(least, groups * (most + Math.log(sum)) - total * logT);
  }
  return least;
}

/** At t = e^30 all of 65,536 units count; steps of 1/8 lose less than a thousandth of the exponent. */
const LARGEST_LOG_T = 30;
const STEP_LOG_T = 1 / 8;
