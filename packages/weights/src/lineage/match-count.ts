import { logGamma } from '@phalanx/stats';
import { refuse } from '../weights-error.js';

/**
 * ln of a bound on P(F >= matches), where F counts, over `groups` groups of units, those units whose best match is the unit of the
 * same place. Holds for every map from the units of one model to those of another that does not look at places, if the units of
 * each group stand in an order drawn evenly and independently of the other model and of the other groups.
 *
 * In one group E[C(F, r)] <= 1/r!: of the C(h, r) sets of r units each is met with probability (h - r)!/h!, or never where the map takes two
 * to one. Over L groups E[C(F, r)] <= L^r/r!, and by Markov P(F >= k) <= min over r of L^r/(r! C(k, r)), which is least at r = k - L. The
 * number of units does not enter, so that any part of them that was chosen without looking may be read.
 *
 * Zero, that is no evidence, for at most as many matches as groups.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` unless both are counts and there is a group
 */
export function logMatchCountP(matches: number, groups: number): number {
  if (!Number.isSafeInteger(matches) || matches < 0 || !Number.isSafeInteger(groups) || groups < 1)
    return refuse('WEIGHTS_ARGUMENT', `${matches} matches in ${groups} groups`);
  if (matches <= groups) return 0;
  return Math.min(0, (matches - groups) * Math.log(groups) + logGamma(groups + 1) - logGamma(matches + 1));
}

/** Units whose partner has their own place. */
export function countOwnPlace(partners: Int32Array): number {
  let count = 0;
  for (let i = 0; i < partners.length; i++) if (partners[i] === i) count++;
  return count;
}
