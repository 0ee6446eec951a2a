import type { ExchangeSample } from '@phalanx/domain';

/** Upper ends of the classes of gap irregularity; regular turn-taking lies below 0.3, independent clients near 1 and above. */
const CLASS_ENDS = [0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1, 1.2, 1.5, Number.POSITIVE_INFINITY];
const MIN_EVENTS = 4;

/** How many accounts fall into each class of irregularity. */
export type GapClasses = Float64Array;

/**
 * Irregularity of each account's turns, in the group's own time.
 *
 * Order all exchanges of a group; an account's gap is the number of exchanges by others between two of its own.
 * Irregularity is the coefficient of variation of its gaps. A least-recently-used scheduler gives every account the same
 * gap whatever the load (0); independent clients, who come in bursts, give 1 and more. Group time removes the daily
 * curve, which any two groups share.
 *
 * @param events exchanges of a group of accounts, all of them, ascending by time
 * @returns class counts over accounts with at least 4 exchanges
 */
export function gapClasses(events: Pick<ExchangeSample, 'account'>): GapClasses {
  const last = new Map<bigint, number>();
  const sums = new Map<bigint, { n: number; sum: number; squares: number }>();
  for (let at = 0; at < events.account.length; at++) {
    const account = events.account[at]!;
    const before = last.get(account);
    last.set(account, at);
    if (before === undefined) continue;
    const gap = at - before;
    let row = sums.get(account);
    if (!row) sums.set(account, (row = { n: 0, sum: 0, squares: 0 }));
    row.n++;
    row.sum += gap;
    row.squares += gap * gap;
  }
  const classes = new Float64Array(CLASS_ENDS.length);
  for (const { n, sum, squares } of sums.values()) {
    if (n < MIN_EVENTS - 1) continue;
    const mean = sum / n;
    const irregularity = Math.sqrt(Math.max(0, squares / n - mean * mean)) / mean;
    classes[CLASS_ENDS.findIndex((end) => irregularity < end)]!++;
  }
  return classes;
}

/**
 * Do the members take turns?
 *
 * Null: each member's irregularity is a draw from the law of other accounts, grouped at random and measured the same way
 * in the same slot. Alternative: a draw from the law that this pool showed before. Both laws get one pseudo-count a
 * class, and the bet is the predictive likelihood ratio. The null law is estimated, so its calibration on attack-free
 * worlds is kept in the benchmark; members and reference must have like volumes, which the caller sees to.
 *
 * @returns natural log of the e-value's increment
 */
export function stepTurnTaking(members: GapClasses, pastMembers: GapClasses, others: GapClasses): number {
  const total = (classes: GapClasses) => classes.reduce((sum, n) => sum + n, 0);
  const past = total(pastMembers);
  const reference = total(others);
  if (past < 20 || reference < 50) return 0;
  let logE = 0;
  for (let c = 0; c < members.length; c++) {
    const alternative = (pastMembers[c]! + 1) / (past + members.length);
    const nullShare = (others[c]! + 1) / (reference + members.length);
    logE += members[c]! * Math.log(alternative / nullShare);
  }
  return logE;
}
