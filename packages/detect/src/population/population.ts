import type { AccountFacts, KeyedCounts, TelemetryReader, TimeWindow } from '@phalanx/domain';
import { fromTriplets, type SparseCounts } from './sparse-counts.js';

/**
 * The accounts of a window, numbered densely in ascending order of their hash, with the facts that the provider gave.
 * Everything in detection speaks of accounts by this number.
 */
export class Population {
  readonly account: BigUint64Array;
  readonly accountId: readonly string[];
  readonly organisation: BigUint64Array;
  readonly declaration: readonly string[];
  readonly facts: AccountFacts;
  /** Row of `facts` by account number; -1 when the provider gave none. */
  readonly factRow: Int32Array;
  readonly #index: Map<bigint, number>;
  readonly #shapeColumn = new Map<bigint, number>();
  /** Packed shape of each column of a shape matrix. */
  readonly shapes: number[] = [];

  private constructor(account: BigUint64Array, facts: AccountFacts) {
    this.account = account;
    this.facts = facts;
    this.#index = new Map(Array.from(account, (hash, i) => [hash, i]));
    this.factRow = new Int32Array(account.length).fill(-1);
    facts.account.forEach((hash, row) => {
      const i = this.#index.get(hash);
      if (i !== undefined) this.factRow[i] = row;
    });
    const fact = <T>(pick: (row: number) => T, absent: (i: number) => T): T[] =>
      Array.from(this.factRow, (row, i) => (row < 0 ? absent(i) : pick(row)));
    this.accountId = fact(
      (row) => facts.accountId[row]!,
      (i) => account[i]!.toString(16).padStart(16, '0'),
    );
    this.declaration = fact(
      (row) => facts.declaration[row]!,
      () => '',
    );
    this.organisation = BigUint64Array.from(
      fact(
        (row) => facts.organisation[row]!,
        () => 0n,
      ),
    );
  }

  static async load(reader: TelemetryReader, window: TimeWindow): Promise<Population> {
    const [activity, facts] = await Promise.all([reader.accountActivity(window), reader.accountFacts()]);
    return new Population(activity.account, facts);
  }

  get size(): number {
    return this.account.length;
  }

  /** Account number, or undefined for an account without traffic in the window. */
  indexOf(account: bigint): number | undefined {
    return this.#index.get(account);
  }

  /** Shape cells get columns in order of first appearance, so matrices of later slots only grow to the right. */
  shapeMatrix(counts: KeyedCounts): SparseCounts {
    const row = new Int32Array(counts.account.length);
    const column = new Int32Array(counts.account.length);
    for (let i = 0; i < row.length; i++) {
      row[i] = this.#index.get(counts.account[i]!) ?? -1;
      let c = this.#shapeColumn.get(counts.key[i]!);
      if (c === undefined) {
        this.#shapeColumn.set(counts.key[i]!, (c = this.#shapeColumn.size));
        this.shapes.push(Number(counts.key[i]!));
      }
      column[i] = c;
    }
    return fromTriplets(this.size, this.#shapeColumn.size, row, column, counts.count);
  }

  /** Account hashes of the given numbers, for queries. */
  hashes(members: ArrayLike<number>): BigUint64Array {
    const out = new BigUint64Array(members.length);
    for (let i = 0; i < out.length; i++) out[i] = this.account[members[i]!]!;
    return out;
  }
}
