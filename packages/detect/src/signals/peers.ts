import type { AccountActivity, ExchangeSample } from '@phalanx/domain';
import { Random, testByRandomization, toLog10 } from '@phalanx/stats';
import type { Pool } from '../pool.js';

/** Accounts of a pool beside others of like volume, so that chance can say again who is a member. */
export interface Peers {
  /** Accounts of one stratum, whose volumes differ by less than a factor of 1.42, stand together. */
  readonly account: BigUint64Array;
  readonly isMember: Uint8Array;
  /** First account of each stratum, and the end. */
  readonly start: Int32Array;
}

/** What members show against groups that chance drew from the same strata. */
export interface Comparison {
  readonly observed: number;
  /** Mean over the random groups. */
  readonly typical: number;
  /** In words, with the p-value. */
  readonly chance: string;
}

const MOST_MEMBERS = 1000;
const OTHERS_A_MEMBER = 4;
const LEAST_MEMBERS = 10;
const DRAWS = 999;

/**
 * At most 1,000 members and, stratum by stratum of half an octave of exchanges, up to four times as many others, drawn at
 * random; of members no more than there are others, so that random groups differ from the pool. Null below ten members.
 */
export function choosePeers(pool: Pick<Pool, 'memberSet'>, activity: AccountActivity): Peers | null {
  const random = new Random(1);
  const strata = new Map<number, { members: bigint[]; others: bigint[] }>();
  const order = random.shuffle(Uint32Array.from(activity.account.keys()));
  let taken = 0;
  for (const row of order) {
    const key = Math.floor(2 * Math.log2(activity.exchanges[row]!));
    let stratum = strata.get(key);
    if (!stratum) strata.set(key, (stratum = { members: [], others: [] }));
    const account = activity.account[row]!;
    if (!pool.memberSet.has(account)) stratum.others.push(account);
    else if (taken++ < MOST_MEMBERS) stratum.members.push(account);
  }
  const kept = [...strata.values()]
    .map(({ members, others }) => ({
      members: members.slice(0, others.length),
      others: others.slice(0, OTHERS_A_MEMBER * members.length),
    }))
    .filter(({ members }) => members.length > 0);
  if (kept.reduce((sum, stratum) => sum + stratum.members.length, 0) < LEAST_MEMBERS) return null;
  const start = [0];
  for (const stratum of kept) start.push(start.at(-1)! + stratum.members.length + stratum.others.length);
  return {
    account: BigUint64Array.from(kept.flatMap((s) => [...s.members, ...s.others])),
    isMember: Uint8Array.from(kept.flatMap((s) => [...s.members.map(() => 1), ...s.others.map(() => 0)])),
    start: Int32Array.from(start),
  };
}

/** The place in `peers.account` of each row's account; -1 for somebody else. */
export function peerOfRow(peers: Peers, sample: Pick<ExchangeSample, 'account'>): Int32Array {
  const place = new Map(Array.from(peers.account, (account, i) => [account, i]));
  return Int32Array.from(sample.account, (account) => place.get(account) ?? -1);
}

/**
 * Randomisation test of a statistic of groups, marked 1 in an array as long as `peers.account`, large under the alternative. Null:
 * within a stratum every account was as likely to be a member. Exact for any number of draws; the seed is fixed.
 */
export function compareWithPeers(
  peers: Peers,
  statistic: (group: Uint8Array) => number,
  draws = DRAWS,
): Comparison {
  const drawn: number[] = [];
  const result = testByRandomization({
    observed: peers.isMember,
    statistic: (group) => {
      const value = statistic(group);
      if (group !== peers.isMember && Number.isFinite(value)) drawn.push(value);
      return value;
    },
    draw: dealMembership(peers),
    draws,
    random: new Random(2),
  });
  return {
    observed: result.observed,
    typical: drawn.reduce((sum, value) => sum + value, 0) / Math.max(1, drawn.length),
    chance: sayChance(result.logP, `${draws} random groups of accounts of like volume`),
  };
}

/** A p-value for a sentence. */
export function sayChance(logP: number, against: string): string {
  return `log10 p ${(Math.round(100 * toLog10(logP)) / 100 + 0).toFixed(2)} against ${against}`;
}

function dealMembership({ isMember, start }: Peers): (random: Random) => Uint8Array {
  const order = Int32Array.from(isMember.keys());
  const group = new Uint8Array(isMember.length);
  const sizes = Array.from({ length: start.length - 1 }, (_, s) =>
    isMember.subarray(start[s]!, start[s + 1]!).reduce((sum, mark) => sum + mark, 0),
  );
  return (random) => {
    group.fill(0);
    sizes.forEach((size, s) => {
      for (let i = start[s]!; i < start[s]! + size; i++) {
        const j = i + random.integer(start[s + 1]! - i);
        [order[i], order[j]] = [order[j]!, order[i]!];
        group[order[i]!] = 1;
      }
    });
    return group;
  };
}
