import { DAY_MS } from '@phalanx/core';
import type {
  AccountActivity,
  AccountFacts,
  ExchangeSample,
  KeyedCounts,
  SampleQuery,
  TelemetryReader,
  TimeWindow,
} from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { defaultOptions } from './options.js';
import { replay } from './replay.js';

const HONEST = 150;
const POOL = 60;
const ACCOUNTS = HONEST + POOL;
const SHAPES = 120;
/** Of each account. */
const REQUESTS_A_DAY = 120;

interface Row {
  readonly account: number;
  readonly atMs: number;
  readonly shape: number;
}

/** Until `turnsMs` pooled accounts draw from half of the shapes alike; everybody else keeps to two shapes of its own. */
function traffic(days: number, turnsMs = Number.POSITIVE_INFINITY): Row[] {
  const random = new Random(1);
  return Array.from({ length: days * REQUESTS_A_DAY }, (_, k) => (k * DAY_MS) / REQUESTS_A_DAY).flatMap(
    (atMs) =>
      Array.from({ length: ACCOUNTS }, (_, account) => ({
        account,
        atMs: atMs + account,
        shape:
          account >= HONEST && atMs < turnsMs
            ? random.integer(SHAPES / 2)
            : (account * 7 + (random.bernoulli(0.7) ? 0 : 11)) % SHAPES,
      })),
  );
}

interface Facts {
  readonly organisation?: (account: number) => bigint;
  readonly declaration?: (account: number) => string;
}

function read(rows: readonly Row[], facts: Facts = {}): TelemetryReader {
  const within = (w: TimeWindow) => rows.filter(({ atMs }) => atMs >= w.fromMs && atMs < w.toMs);
  const count = (list: readonly Row[], keyOf: (row: Row) => number): KeyedCounts => {
    const cells = new Map<number, number>();
    for (const row of list) {
      const cell = row.account * 1000 + keyOf(row);
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
    const at = [...cells.keys()].sort((a, b) => a - b);
    return {
      account: BigUint64Array.from(at, (cell) => BigInt(Math.floor(cell / 1000) + 1)),
      key: BigUint64Array.from(at, (cell) => BigInt(cell % 1000)),
      count: Uint32Array.from(at, (cell) => cells.get(cell)!),
    };
  };
  const every = <T>(of: (account: number) => T) => Array.from({ length: ACCOUNTS }, (_, a) => of(a));
  const zeros = new BigUint64Array(ACCOUNTS);
  const reader: Partial<TelemetryReader> = {
    accountFacts: async () =>
      ({
        account: BigUint64Array.from(every((a) => BigInt(a + 1))),
        accountId: every(String),
        organisation: BigUint64Array.from(every(facts.organisation ?? (() => 0n))),
        declaration: every(facts.declaration ?? (() => '')),
        payment: zeros,
        signupNetwork: zeros,
        signupDevice: zeros,
      }) as Partial<AccountFacts> as AccountFacts,
    accountActivity: async (w) => {
      const { account, count: exchanges } = count(within(w), () => 0);
      return { account, exchanges } as AccountActivity;
    },
    shapeCounts: async (w) => count(within(w), (row) => row.shape),
    sharedObjects: async () => count([], () => 0),
    arrivals: async (w, accounts) => {
      const list = within(w).filter(({ account }) => accounts?.includes(BigInt(account + 1)) ?? true);
      return {
        account: BigUint64Array.from(list, (row) => BigInt(row.account + 1)),
        atMs: Float64Array.from(list, (row) => row.atMs),
      };
    },
    sampleExchanges: async (query: SampleQuery) => {
      const list = within(query).filter(({ account }) =>
        query.draws.some(({ accounts }) => !accounts || accounts.includes(BigInt(account + 1))),
      );
      const n = list.length;
      return {
        account: BigUint64Array.from(list, (row) => BigInt(row.account + 1)),
        atMs: Float64Array.from(list, (row) => row.atMs),
        lot: new Uint32Array(n),
        shape: Uint32Array.from(list, (row) => row.shape),
        intents: new Uint32Array(n),
        promptHash: BigUint64Array.from(list, (row) => BigInt(row.atMs + 1)),
        topics: new Uint8Array(16 * n),
        ok: new Uint8Array(n).fill(1),
        systemHash: new BigUint64Array(n),
        parameters: new BigUint64Array(n),
      } as Partial<ExchangeSample> as ExchangeSample;
    },
  };
  return reader as TelemetryReader;
}

const run = (reader: TelemetryReader, days: number) =>
  replay(reader, { fromMs: 0, toMs: days * DAY_MS }, defaultOptions);
const isPooled = (a: number) => a >= HONEST;

describe('a replay', () => {
  it('walks quarters of the first day and whole days after it, and finds the pool from then on', async () => {
    const { pools, slotEnds } = await run(read(traffic(4)), 4);
    expect(slotEnds.map((at) => at / DAY_MS)).toEqual([0.25, 0.5, 0.75, 1, 2, 3, 4]);
    const best = pools.reduce((a, b) =>
      b.trace.at(-1)!.logCoordination > a.trace.at(-1)!.logCoordination ? b : a,
    );
    expect([...best.proposal.members].every(isPooled)).toBe(true);
    expect(best.trace.at(-1)!.logCoordination).toBeGreaterThan(Math.log(1e6));
  });

  it('tests a pool on what comes after its proposal only', async () => {
    const turns = DAY_MS / 2;
    const { pools } = await run(read(traffic(3, turns)), 3);
    const proposed = pools.filter((pool) => pool.proposedAtMs === turns);
    expect(proposed.some(({ proposal }) => proposal.members.some(isPooled))).toBe(true);
    for (const { trace, proposal, proposedAtMs } of pools) {
      const days = (trace[0]!.atMs - proposedAtMs) / DAY_MS;
      expect([0.25, 1]).toContain(days);
      expect(trace[0]!.exchanges).toBe(REQUESTS_A_DAY * days * proposal.members.length);
      if (proposedAtMs >= turns)
        for (const point of trace) expect(point.logCoordination).toBeLessThan(Math.log(10));
    }
  });

  it('knows at any time what it would know had nothing come later', async () => {
    const upTo = (result: Awaited<ReturnType<typeof run>>, atMs: number) =>
      result.pools
        .filter((pool) => pool.proposedAtMs < atMs)
        .map(({ proposal, trace }) => [[...proposal.members], trace.filter((point) => point.atMs <= atMs)]);
    const [short, long] = [await run(read(traffic(4)), 2), await run(read(traffic(4, 2 * DAY_MS)), 4)];
    expect(short.pools.length).toBeGreaterThan(0);
    expect(upTo(long, 2 * DAY_MS)).toEqual(upTo(short, 2 * DAY_MS));
  });

  it('opens no second pool about a shown group before twice as much is known', async () => {
    const { pools } = await run(read(traffic(4)), 4);
    const pooled = pools.filter(({ proposal }) => [...proposal.members].every(isPooled));
    expect(pooled.map((pool) => pool.proposedAtMs / DAY_MS)).toEqual([0.25, 1]);
  });

  it('leaves declared accounts out of every pool', async () => {
    const { pools } = await run(read(traffic(2), { declaration: (a) => (a % 4 ? '' : 'reseller') }), 2);
    expect(pools.length).toBeGreaterThan(0);
    for (const { proposal } of pools) expect([...proposal.members].filter((a) => a % 4 === 0)).toEqual([]);
  });

  it('tests no more than one account of an organisation', async () => {
    const { pools } = await run(read(traffic(2), { organisation: (a) => (isPooled(a) ? 7n : 0n) }), 2);
    const tested = pools.filter((pool) => pool.trace.length > 0);
    for (const { proposal } of tested)
      expect(proposal.members.filter(isPooled).length, proposal.by).toBeLessThanOrEqual(1);
  });
});
