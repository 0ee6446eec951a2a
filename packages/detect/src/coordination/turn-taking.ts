import type { Arrivals } from '@phalanx/domain';

/** Fewer gaps say too little about their own regularity. */
const MIN_GAPS = 5;
/** Taking turns: at least three times more regular in the pool's own time than in any other. */
const TIMES_MORE_REGULAR = 3;
/** What the null concedes: one account in twenty is that much more regular by chance. */
const NULL_SHARE = 0.05;
const ALTERNATIVES = [0.2, 0.5, 0.9];

/**
 * Irregularity of each account's turns, in a group's own time: the coefficient of variation of the number of exchanges,
 * by others in the group, between two of its own. A least-recently-used scheduler gives every account the same gap
 * whatever the load (0); independent clients come in bursts (1 and more). Group time takes out the daily curve.
 *
 * @param own all exchanges of the accounts asked about, ascending by time
 * @param clock all exchanges of the group that gives the time, ascending; may be the same
 */
export function turnIrregularity(own: Arrivals, clock: Arrivals): Map<bigint, number> {
  const sums = new Map<bigint, { last: number; n: number; sum: number; squares: number }>();
  let tick = 0;
  for (let i = 0; i < own.account.length; i++) {
    while (tick < clock.atMs.length && clock.atMs[tick]! < own.atMs[i]!) tick++;
    const account = own.account[i]!;
    const row = sums.get(account);
    if (!row) {
      sums.set(account, { last: tick, n: 0, sum: 0, squares: 0 });
      continue;
    }
    const gap = tick - row.last;
    row.last = tick;
    row.n++;
    row.sum += gap;
    row.squares += gap * gap;
  }
  const out = new Map<bigint, number>();
  for (const [account, { n, sum, squares }] of sums) {
    if (n < MIN_GAPS || sum === 0) continue;
    const mean = sum / n;
    out.set(account, Math.sqrt(Math.max(0, squares / n - mean * mean)) / mean);
  }
  return out;
}

/** The time that the clock on the wall tells: one tick a second. */
export function wallIrregularity(own: Arrivals): Map<bigint, number> {
  if (own.atMs.length === 0) return new Map();
  const first = own.atMs[0]!;
  const seconds = Math.ceil((own.atMs.at(-1)! - first) / 1000) + 1;
  const ticks = Float64Array.from({ length: seconds }, (_, i) => first + 1000 * i);
  return turnIrregularity(own, { atMs: ticks, account: new BigUint64Array(seconds) });
}

/**
 * Do the members take turns?
 *
 * Null: a member's turns are at least three times more regular in the pool's time than in the time of strangers, in that
 * of other strangers and on the wall clock, all three, with probability at most 0.05. For independent clients the four
 * are alike up to noise: memoryless and bursty ones are irregular in all, clockwork on the wall is regular there
 * (simulated in the test, where it happens to fewer than 1 in 50). A least-recently-used scheduler makes turns regular
 * in the pool's time alone. Alternative: it holds for 20, 50 or 90 % of the members.
 *
 * @param others irregularity of the same members in the other times
 * @returns natural log of the e-value for these members and slot, and what it rests on
 */
export function stepTurnTaking(
  inPool: ReadonlyMap<bigint, number>,
  others: readonly ReadonlyMap<bigint, number>[],
): { logE: number; asked: number; regular: number } {
  let asked = 0;
  let regular = 0;
  for (const [account, irregularity] of inPool) {
    const elsewhere = others.map((time) => time.get(account));
    if (elsewhere.includes(undefined)) continue;
    asked++;
    if (elsewhere.every((value) => TIMES_MORE_REGULAR * irregularity < value!)) regular++;
  }
  const logs = ALTERNATIVES.map(
    (share) =>
      regular * Math.log(share / NULL_SHARE) + (asked - regular) * Math.log((1 - share) / (1 - NULL_SHARE)),
  );
  const top = Math.max(...logs);
  const logE = top + Math.log(logs.reduce((sum, l) => sum + Math.exp(l - top), 0) / logs.length);
  return { logE, asked, regular };
}
