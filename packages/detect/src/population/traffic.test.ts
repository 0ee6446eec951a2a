import type { AccountFacts, ExchangeSample, SampleQuery, TelemetryReader } from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { beforeAll, describe, expect, it } from 'vitest';
import { Population } from './population.js';
import { ArrivalTimes, Traffic } from './traffic.js';

const WINDOW = { fromMs: 0, toMs: 1e6 };
const ACCOUNTS = 50;
const random = new Random(8);
/** Account a, hash a + 1, has 20 (a + 1) exchanges. */
const ROWS = Array.from({ length: ACCOUNTS }, (_, a) => a)
  .flatMap((a) =>
    Array.from({ length: 20 * (a + 1) }, () => ({ account: BigInt(a + 1), lot: random.uint32() })),
  )
  .map((row) => ({ ...row, atMs: random.integer(1e6) }))
  .sort((x, y) => x.atMs - y.atMs);
const EXCHANGES = Float64Array.from({ length: ACCOUNTS }, (_, a) => 20 * (a + 1));

let asked: SampleQuery[] = [];
const columns = (rows: typeof ROWS) => ({
  account: BigUint64Array.from(rows, (row) => row.account),
  atMs: Float64Array.from(rows, (row) => row.atMs),
  lot: Uint32Array.from(rows, (row) => row.lot),
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
          ({ accounts, share }) => accounts!.includes(row.account) && row.lot < share * 2 ** 32,
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
const group = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
const rowsOf = (members: Int32Array) => ROWS.filter(({ account }) => members.includes(Number(account) - 1));
const read = (groups: readonly Int32Array[], limit: number) => {
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

  it('says when accounts sent requests, all of them', async () => {
    const [one, two] = [group(5, 9), group(7, 12)];
    const arrivals = await ArrivalTimes.read(reader as TelemetryReader, WINDOW, population, [one, two]);
    for (const members of [one, two])
      expect([...arrivals.of(members).atMs]).toEqual(rowsOf(members).map((row) => row.atMs));
  });
});
