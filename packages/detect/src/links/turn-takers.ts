import type { Arrivals } from '@phalanx/domain';
import { logGamma } from '@phalanx/stats';
import type { Population } from '../population/population.js';
import type { Proposal } from './proposal.js';

/** Gaps dealt by a scheduler, in the time that everybody's exchanges tell: gamma of this shape, a variation of 0.29. */
const DEALT_SHAPE = 12;
/** Gaps of clients that come by themselves: bursts, Poisson, and smoother than Poisson. */
const OWN_SHAPES = [0.5, 1, 2, 4];
const PRIOR_LOG_ODDS = -3;
const CLAIM = Math.log(0.99 / 0.01);
const MIN_GAPS = 5;
/** A scheduler gives all its accounts the same gap: those of a group differ by at most this, to either side. */
const SAME_GAP = Math.log(1.15);
const MAX_GROUPS = 8;

/**
 * Proposes accounts that are used at even intervals and all as often: what a least-recently-used scheduler makes of any load.
 * It needs neither what is asked nor with which parameters, and sees within a day a pool that is half of the traffic, against
 * which no mixture stands out.
 *
 * Time is counted in exchanges of everybody, which takes out the daily curve. Account a scores the log likelihood of its gaps,
 * over their mean, under a gamma of shape 12 less that under the best of the shapes 0.5 to 4.
 *
 * @param arrivals everybody's, ascending by time
 */
export function proposeTurnTakers(
  population: Population,
  arrivals: Arrivals,
  minAccounts: number,
): Proposal[] {
  const { size } = population;
  const last = new Int32Array(size).fill(-1);
  const gaps = new Float64Array(size);
  const sums = new Float64Array(size);
  const logs = new Float64Array(size);
  arrivals.account.forEach((hash, tick) => {
    const a = population.indexOf(hash);
    if (a === undefined) return;
    if (last[a]! >= 0) {
      const gap = tick - last[a]!;
      gaps[a]!++;
      sums[a]! += gap;
      logs[a]! += Math.log(gap);
    }
    last[a] = tick;
  });
  const regular: { account: number; logGap: number; score: number }[] = [];
  for (let a = 0; a < size; a++) {
    if (gaps[a]! < MIN_GAPS) continue;
    const logGap = Math.log(sums[a]! / gaps[a]!);
    const logLikelihood = (shape: number): number =>
      gaps[a]! * (shape * Math.log(shape) - logGamma(shape) - shape) +
      (shape - 1) * (logs[a]! - gaps[a]! * logGap);
    const score = logLikelihood(DEALT_SHAPE) - Math.max(...OWN_SHAPES.map(logLikelihood));
    if (score + PRIOR_LOG_ODDS >= CLAIM) regular.push({ account: a, logGap, score });
  }
  regular.sort((x, y) => x.logGap - y.logGap);
  const proposals: Proposal[] = [];
  for (let open = regular; proposals.length < MAX_GROUPS; ) {
    const { from, to } = densest(open.map(({ logGap }) => logGap));
    if (to - from < minAccounts) break;
    const group = open.slice(from, to).sort((x, y) => x.account - y.account);
    proposals.push({
      members: Int32Array.from(group, ({ account }) => account),
      strength: Float64Array.from(group, ({ score }) => score / Math.LN10),
      by: 'even turns',
    });
    open = [...open.slice(0, from), ...open.slice(to)];
  }
  return proposals;
}

/** The stretch of ascending values, as wide as one group may be, that holds most of them. */
function densest(values: readonly number[]): { from: number; to: number } {
  let best = { from: 0, to: 0 };
  for (let from = 0, to = 0; from < values.length; from++) {
    while (to < values.length && values[to]! <= values[from]! + 2 * SAME_GAP) to++;
    if (to - from > best.to - best.from) best = { from, to };
  }
  return best;
}
