import type { AccountFacts, ExchangeSample, SampleQuery, TelemetryReader } from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { beforeAll, describe, expect, it } from 'vitest';
import { Population } from './population.js';
import { ArrivalTimes, type Group, Traffic } from './traffic.js';

const WINDOW = { fromMs: 0, toMs: 1e6 };
const ACCOUNTS = 50;
const random = new Random(8);
/** Account a, hash a + 1, has 20 (a + 1) exchanges. */
const ROWS = Array.from({ length: ACCOUNTS }, (_, a) => a)
  .flatMap((a) =>
    Array.from({ length: 20 * (a + 1) }, () => ({ account: BigInt(a + 1), lot: random.uint32() })),
  )
  .map((row) => ({
    ...row,
    atMs: random.integer(1e6),
    parameters: BigInt(random.integer(10)),
    systemHash: 0n,
  }))
  .sort((x, y) => x.atMs - y.atMs);
const EXCHANGES = Float64Array.from({ length: ACCOUNTS }, (_, a) => 20 * (a + 1));

let asked: SampleQuery[] = [];
const columns = (rows: typeof ROWS) => ({
  account: BigUint64Array.from(rows, (row) => row.account),
  atMs: Float64Array.from(rows, (row) => row.atMs),
  lot: Uint32Array.from(rows, (row) => row.lot),
  parameters: BigUint64Array.from(rows, (row) => row.parameters),
  systemHash: BigUint64Array.from(rows, (row) => row.systemHash),
  topics: Uint8Array.from(rows.flatMap((row) => Array.from({ length: 16 }, (_, i) => (row.lot >> i) & 255))),
});
const reader: Partial<TelemetryReader> = {
  accountActivity: async () =>
    ({ account: BigUint64Array.from({ length: ACCOUNTS }, (_, a) => BigInt(a + 1)) }) as never,
  accountFacts: async () => ({ account: new BigUint64Array(0) }) as AccountFacts,
  sampleExchanges: async (query) => {
    asked.push(query);
    return columns(
      ROWS.filter((row) =>
        query.draws.some(
          ({ accounts, signatures, share }) =>
            accounts!.includes(row.account) &&
            (signatures?.includes(row.parameters) ?? true) &&
            row.lot < share * 2 ** 32,
        ),
      ),
    ) as Partial<ExchangeSample> as ExchangeSample;
  },
  arrivals: async (_, accounts) => columns(ROWS.filter((row) => accounts!.includes(row.account))),
};
let population: Population;
beforeAll(async () => {
  population = await Population.load(reader as TelemetryReader, WINDOW);
});
const group = (from: number, to: number): Group => ({
  members: Int32Array.from({ length: to - from }, (_, i) => from + i),
});
const rowsOf = ({ members }: Group) => ROWS.filter(({ account }) => members.includes(Number(account) - 1));
const read = (groups: readonly Group[], limit: number) => {
  asked = [];
  return Traffic.read(reader as TelemetryReader, WINDOW, population, groups, EXCHANGES, limit);
};

describe('traffic of many groups', () => {
  it('is read in one query, whole for small groups, drawn for large ones, in time order', async () => {
    const small = group(0, 5);
    const large = group(3, 50);
    const traffic = await read([small, large], 1000);
    expect(asked).toHaveLength(1);
    const whole = traffic.of(small);
    expect([...whole.atMs]).toEqual(rowsOf(small).map((row) => row.atMs));
    expect([...whole.topics]).toEqual([...columns(rowsOf(small)).topics]);
    const drawn = traffic.of(large);
    const limit = (1000 / rowsOf(large).length) * 2 ** 32;
    expect([...drawn.lot]).toEqual(
      rowsOf(large)
        .filter((row) => row.lot < limit)
        .map((row) => row.lot),
    );
    expect(Math.abs(drawn.lot.length - 1000)).toBeLessThan(150);
  });

  it('does not depend on which other groups are asked about', async () => {
    const members = group(10, 40);
    const alone = (await read([members], 300)).of(members);
    const among = (await read([group(0, 20), members, group(30, 50)], 300)).of(members);
    expect(among).toEqual(alone);
  });

  it('reads no more than twice what the groups show', async () => {
    const groups = [group(0, 10), group(20, 50)];
    const traffic = await read(groups, 500);
    const shown = groups.reduce((sum, members) => sum + traffic.of(members).account.length, 0);
    const readRows = (await reader.sampleExchanges!(asked[0]!)).account.length;
    expect(readRows).toBeLessThanOrEqual(2.3 * shown);
  });

  it('shows more of what was asked to be seen closely, and no more of the rest', async () => {
    const base = group(10, 40);
    const few = { ...base, closely: { signatures: [3n, 7n], share: 0.2 } };
    const rare = { ...group(20, 50), closely: { signatures: [5n], share: 0.01 } };
    const traffic = await read([few, rare], 300);
    expect(asked).toHaveLength(1);
    const isOf = (wanted: readonly bigint[]) => (row: (typeof ROWS)[number]) =>
      wanted.includes(row.parameters);
    expect(traffic.of(few)).toEqual((await read([base], 300)).of(base));
    expect([...traffic.closeOf(rare).lot]).toEqual(
      rowsOf(rare)
        .filter(isOf([5n]))
        .map((row) => row.lot),
    );
    const close = traffic.closeOf(few);
    expect(Math.abs(close.lot.length - 300)).toBeLessThan(60);
    const limit = (300 / (0.2 * rowsOf(few).length)) * 2 ** 32;
    const expected = rowsOf(few)
      .filter(isOf([3n, 7n]))
      .filter((row) => row.lot < limit);
    expect([...close.lot]).toEqual(expected.map((row) => row.lot));
    expect(traffic.closeOf(base).lot).toHaveLength(0);
  });

  it('says when accounts sent requests, all of them', async () => {
    const [one, two] = [group(5, 9), group(7, 12)];
    const watched = [one.members, two.members];
    const arrivals = await ArrivalTimes.read(reader as TelemetryReader, WINDOW, population, watched);
    for (const asked of [one, two])
      expect([...arrivals.of(asked.members).atMs]).toEqual(rowsOf(asked).map((row) => row.atMs));
  });
});
