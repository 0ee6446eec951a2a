import {
  type Arrivals,
  type Draw,
  type ExchangeSample,
  signatureOf,
  type TelemetryReader,
  type TimeWindow,
} from '@phalanx/domain';
import type { Population } from './population.js';

/** Whom to read of, and what of their traffic in full. */
export interface Group {
  /** By account number. */
  readonly members: Int32Array;
  /** Signatures of which a uniform sample of a large group would show too little, and the share of its exchanges that carry one. */
  readonly closely?: { readonly signatures: readonly bigint[]; readonly share: number };
}

/**
 * What many groups of accounts want to see of one window, read in one query: 35 pools that each ask for themselves cost
 * the engine 35 passes over the same rows.
 */
export class Traffic {
  readonly #sample: ExchangeSample;
  readonly #index: RowIndex;
  readonly #exchanges: Float64Array;
  readonly #limit: number;

  private constructor(sample: ExchangeSample, index: RowIndex, exchanges: Float64Array, limit: number) {
    this.#sample = sample;
    this.#index = index;
    this.#exchanges = exchanges;
    this.#limit = limit;
  }

  /**
   * @param groups who will be asked about
   * @param exchanges how many each account has in the window
   * @param limit rows for a group, give or take the chance of a draw; as many again for what is read closely
   */
  static async read(
    reader: TelemetryReader,
    window: TimeWindow,
    population: Population,
    groups: readonly Group[],
    exchanges: Float64Array,
    limit: number,
  ): Promise<Traffic> {
    const draws = planDraws(population, groups, exchanges, limit);
    const sample = await reader.sampleExchanges({ ...window, draws });
    return new Traffic(sample, new RowIndex(population, sample.account), exchanges, limit);
  }

  /** The group's exchanges; when there are more than the limit, a uniform sample of them. */
  of({ members }: Group): ExchangeSample {
    const share = shareOf(members, this.#exchanges, this.#limit);
    const { lot } = this.#sample;
    const rows = this.#index.rowsOf(members).filter((row) => lot[row]! < share * 2 ** 32);
    return selectRows(this.#sample, rows);
  }

  /** The group's exchanges that carry what it asked to see closely; of one group a uniform sample as well, but a larger one. */
  closeOf(group: Group): ExchangeSample {
    const share = closeShareOf(group, this.#exchanges, this.#limit);
    const wanted = new Set(group.closely?.signatures);
    const { lot, parameters, systemHash } = this.#sample;
    const rows = this.#index
      .rowsOf(group.members)
      .filter(
        (row) => lot[row]! < share * 2 ** 32 && wanted.has(signatureOf(parameters[row]!, systemHash[row]!)),
      );
    return selectRows(this.#sample, rows);
  }
}

/** When the accounts of many groups sent requests in one window, read in one query. */
export class ArrivalTimes {
  readonly #arrivals: Arrivals;
  readonly #index: RowIndex;

  private constructor(arrivals: Arrivals, index: RowIndex) {
    this.#arrivals = arrivals;
    this.#index = index;
  }

  static async read(
    reader: TelemetryReader,
    window: TimeWindow,
    population: Population,
    groups: readonly Int32Array[],
  ): Promise<ArrivalTimes> {
    const all = new Set<number>();
    for (const group of groups) for (const account of group) all.add(account);
    const arrivals = await reader.arrivals(window, population.hashes([...all]));
    return new ArrivalTimes(arrivals, new RowIndex(population, arrivals.account));
  }

  of(members: Int32Array): Arrivals {
    return selectRows(this.#arrivals, this.#index.rowsOf(members));
  }
}

/** Accounts whose exchanges are wanted at like shares, rounded up to a power of two, make one draw. */
function planDraws(
  population: Population,
  groups: readonly Group[],
  exchanges: Float64Array,
  limit: number,
): Draw[] {
  const shares = new Float64Array(population.size);
  const close = new Map<number, { accounts: Set<number>; signatures: Set<bigint> }>();
  for (const group of groups) {
    const share = roundUp(shareOf(group.members, exchanges, limit));
    for (const account of group.members) shares[account] = Math.max(shares[account]!, share);
    const closeShare = roundUp(closeShareOf(group, exchanges, limit));
    if (closeShare <= share) continue;
    let draw = close.get(closeShare);
    if (!draw) close.set(closeShare, (draw = { accounts: new Set(), signatures: new Set() }));
    for (const account of group.members) draw.accounts.add(account);
    for (const signature of group.closely!.signatures) draw.signatures.add(signature);
  }
  const drawn = new Map<number, number[]>();
  shares.forEach((share, account) => {
    if (share === 0) return;
    const accounts = drawn.get(share);
    if (accounts) accounts.push(account);
    else drawn.set(share, [account]);
  });
  return [
    ...[...drawn].map(([share, accounts]) => ({ share, accounts: population.hashes(accounts) })),
    ...[...close].map(([share, { accounts, signatures }]) => ({
      share,
      accounts: population.hashes([...accounts]),
      signatures: BigUint64Array.from(signatures),
    })),
  ];
}

function roundUp(share: number): number {
  return share === 0 ? 0 : 2 ** Math.ceil(Math.log2(share));
}

function shareOf(members: Int32Array, exchanges: Float64Array, limit: number): number {
  return Math.min(1, limit / totalOf(members, exchanges));
}

/** 0 when nothing is to be seen closely. */
function closeShareOf({ members, closely }: Group, exchanges: Float64Array, limit: number): number {
  if (!closely || closely.signatures.length === 0) return 0;
  return Math.min(1, limit / (closely.share * totalOf(members, exchanges)));
}

function totalOf(members: Int32Array, exchanges: Float64Array): number {
  let total = 0;
  for (const account of members) total += exchanges[account]!;
  return total;
}

/** The rows of each account, by account number. */
class RowIndex {
  readonly #start: Int32Array;
  readonly #rows: Uint32Array;

  constructor(population: Population, account: BigUint64Array) {
    const number = Int32Array.from(account, (hash) => population.indexOf(hash) ?? -1);
    this.#start = new Int32Array(population.size + 1);
    for (const a of number) if (a >= 0) this.#start[a + 1]!++;
    for (let a = 0; a < population.size; a++) this.#start[a + 1]! += this.#start[a]!;
    const next = this.#start.slice();
    this.#rows = new Uint32Array(this.#start.at(-1)!);
    number.forEach((a, row) => {
      if (a >= 0) this.#rows[next[a]!++] = row;
    });
  }

  /** Ascending. */
  rowsOf(members: Int32Array): Uint32Array {
    const parts = Array.from(members, (a) => this.#rows.subarray(this.#start[a]!, this.#start[a + 1]!));
    const out = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out.sort();
  }
}

type Columns = Readonly<Partial<Record<keyof ExchangeSample, ExchangeSample[keyof ExchangeSample]>>>;

function selectRows<T extends Columns & { readonly account: BigUint64Array }>(
  sample: T,
  rows: Uint32Array,
): T {
  const columns = Object.entries(sample) as [
    keyof T,
    BigUint64Array | Float64Array | Uint32Array | Uint8Array,
  ][];
  return Object.fromEntries(
    columns.map(([name, column]) => {
      const width = column.length / Math.max(1, sample.account.length);
      const Kind = column.constructor as new (length: number) => typeof column;
      const out = new Kind(rows.length * width);
      for (let i = 0; i < rows.length; i++)
        for (let k = 0; k < width; k++) out[i * width + k] = column[rows[i]! * width + k]!;
      return [name, out];
    }),
  ) as T;
}
