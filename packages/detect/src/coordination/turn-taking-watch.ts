import type { ArrivalTimes } from '../population/traffic.js';
import { stepTurnTaking, turnIrregularity, wallIrregularity } from './turn-taking.js';

/** Whole sequences are needed, so few accounts are read in full instead of many in part. */
const MOST_ACCOUNTS = 300;
const MOST_EXCHANGES = 60_000;

/** Whose arrivals say whether a pool takes turns in one slot. */
export interface TurnsAsked {
  readonly members: Int32Array;
  /** Two groups of accounts outside the pool, of like volume, for clocks. */
  readonly others: readonly [Int32Array, Int32Array];
}

/**
 * Up to 300 members, and twice as many others whose volume in the slot lies within a factor of two of the members' mean.
 * Null where there are not as many others as members.
 *
 * @param exchanges of each account in the slot
 */
export function askTurns(members: Int32Array, exchanges: Float64Array): TurnsAsked | null {
  let total = 0;
  for (const account of members) total += exchanges[account]!;
  const rate = total / members.length;
  const accounts = Math.min(MOST_ACCOUNTS, Math.floor(MOST_EXCHANGES / rate));
  const isMember = new Uint8Array(exchanges.length);
  for (const account of members) isMember[account] = 1;
  const alike: number[] = [];
  exchanges.forEach((n, account) => {
    if (n > 0 && isMember[account] === 0 && n >= rate / 2 && n <= 2 * rate + 1) alike.push(account);
  });
  const others = spread(alike, 2 * accounts);
  if (others.length < accounts) return null;
  return {
    members: spread(members, accounts),
    others: [others.filter((_, i) => i % 2 === 0), others.filter((_, i) => i % 2 === 1)],
  };
}

/** Natural log of the e-value's increment for the slot. */
export function stepWatchedTurns({ members, others }: TurnsAsked, arrivals: ArrivalTimes): number {
  const own = arrivals.of(members);
  const times = [wallIrregularity(own), ...others.map((group) => turnIrregularity(own, arrivals.of(group)))];
  return stepTurnTaking(turnIrregularity(own, own), times).logE;
}

/** At most n items, evenly spaced; accounts are ordered by keyed hash, so position says nothing about them. */
function spread(items: ArrayLike<number>, n: number): Int32Array {
  const step = Math.max(1, items.length / n);
  return Int32Array.from({ length: Math.min(n, items.length) }, (_, i) => items[Math.floor(i * step)]!);
}
