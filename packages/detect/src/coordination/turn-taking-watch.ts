import type { AccountActivity, TelemetryReader, TimeWindow } from '@phalanx/domain';
import type { Population } from '../population/population.js';
import { stepTurnTaking, turnIrregularity, wallIrregularity } from './turn-taking.js';

/** Whole sequences are needed, so few accounts are read in full instead of many in part. */
const ACCOUNTS = 300;
const MAX_ROWS = 60_000;

/** Follows a fixed subset of a pool, and as many other accounts of like volume, from slot to slot. */
export class TurnTakingWatch {
  readonly #members: BigUint64Array;
  readonly #memberSet: ReadonlySet<number>;
  readonly #population: Population;

  constructor(population: Population, members: Int32Array) {
    this.#population = population;
    this.#memberSet = new Set(members);
    this.#members = population.hashes(spread(members, ACCOUNTS)).sort();
  }

  /**
   * @param activity everybody's in the slot
   * @returns natural log of the e-value's increment
   */
  async step(reader: TelemetryReader, slot: TimeWindow, activity: AccountActivity): Promise<number> {
    const own = await reader.sampleExchanges({ ...slot, accounts: this.#members, limit: MAX_ROWS });
    const rate = own.account.length / this.#members.length;
    const accounts = this.#othersOfVolume(activity, rate);
    if (accounts.length < ACCOUNTS) return 0;
    const times = [wallIrregularity(own)];
    for (const half of [0, 1]) {
      const group = accounts.filter((_, i) => i % 2 === half);
      times.push(
        turnIrregularity(own, await reader.sampleExchanges({ ...slot, accounts: group, limit: MAX_ROWS })),
      );
    }
    return stepTurnTaking(turnIrregularity(own, own), times).logE;
  }

  /** Accounts outside the pool whose volume in the slot lies within a factor of two of the members' mean. */
  #othersOfVolume(activity: AccountActivity, rate: number): BigUint64Array {
    const alike: bigint[] = [];
    for (let row = 0; row < activity.account.length; row++) {
      const number = this.#population.indexOf(activity.account[row]!);
      if (number === undefined || this.#memberSet.has(number)) continue;
      if (activity.exchanges[row]! >= rate / 2 && activity.exchanges[row]! <= 2 * rate + 1)
        alike.push(activity.account[row]!);
    }
    return BigUint64Array.from(spread(alike, 2 * ACCOUNTS)).sort();
  }
}

/** At most n items, evenly spaced; accounts are ordered by keyed hash, so position says nothing about them. */
function spread<T>(items: ArrayLike<T>, n: number): T[] {
  const step = Math.max(1, items.length / n);
  return Array.from({ length: Math.min(n, items.length) }, (_, i) => items[Math.floor(i * step)]!);
}
