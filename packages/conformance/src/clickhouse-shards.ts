import { spawnSync } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { TelemetryReader, TimeWindow } from '@phalanx/domain';
import { ExchangeBlock, openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import type { Checks } from './checks.js';
import { CLUSTER, type ClickhouseNode, DATABASE, startClickhouseCluster } from './clickhouse-nodes.js';
import type { Suite } from './suite.js';

const ROWS = Number(process.env.PHALANX_SHARDS_ROWS ?? 1_000_000);
const ROWS_A_BLOCK = 100_000;
const ROUNDS = 21;
const DAY_MS = 86_400_000;
const DAYS = 3;
const START_MS = Date.UTC(2026, 0, 5);
const PAST: TimeWindow = { fromMs: START_MS, toMs: START_MS + DAYS * DAY_MS };
const SLOT: TimeWindow = { fromMs: PAST.toMs - DAY_MS, toMs: PAST.toMs };
/** 26 exchanges an account and day. */
const ACCOUNTS = Math.ceil(ROWS / DAYS / 26);
const WATCHED = BigUint64Array.from({ length: Math.min(2000, ACCOUNTS) }, (_, account) => mix(account));
const SAMPLE_ROWS = 30_000;
/** Above this the cause is printed. */
const GOOD_RATIO = 0.55;
/**
 * Of a query, on nodes of one core. With one thread the node that is asked would do its own part first and only then
 * have the others begin (`timeSleeps` shows it).
 */
const THREADS = 2;
/** Busy with nothing but arithmetic, about a second. */
const BUSY = 'SELECT sum(sipHash64(number)) FROM numbers(100000000) SETTINGS max_threads = 1 FORMAT Null';

/** What detection asks in a slot, and a read that finds nothing: the price of asking. */
const READS: Readonly<Record<string, (reader: TelemetryReader) => Promise<object>>> = {
  'arrivals of nobody': (reader) => reader.arrivals(SLOT, new BigUint64Array()),
  'shapeCounts, a day': (reader) => reader.shapeCounts(SLOT),
  'accountActivity, 3 days': (reader) => reader.accountActivity(PAST),
  'sharedObjects network, 3 days': (reader) =>
    reader.sharedObjects(PAST, 'network', {
      minAccounts: 2,
      maxAccounts: Math.max(20, Math.floor(0.06 * ACCOUNTS)),
    }),
  'sharedObjects signature, 3 days': (reader) =>
    reader.sharedObjects(PAST, 'signature', { minAccounts: 20, maxAccounts: ACCOUNTS }),
  'sampleExchanges of all, 3 days': (reader) =>
    reader.sampleExchanges({ ...PAST, draws: [{ share: Math.min(1, SAMPLE_ROWS / ROWS) }] }),
  'sampleExchanges of 2,000 accounts, a day': (reader) =>
    reader.sampleExchanges({ ...SLOT, draws: [{ accounts: WATCHED, share: 0.5 }] }),
  'arrivals of 2,000 accounts, a day': (reader) => reader.arrivals(SLOT, WATCHED),
};

/** One layout of the same rows. */
interface Layout {
  readonly store: TelemetryStore;
  readonly nodes: readonly ClickhouseNode[];
}

/** Milliseconds of one read. */
interface Cost {
  readonly wall: number;
  /** Processor time of this process: receiving and decoding. */
  readonly reader: number;
  /** Processor time of the node that worked most, and of all. */
  readonly busiest: number;
  readonly engines: number;
}

/**
 * How the time of a read falls with the number of shards: one node on one core against two shards on a core each, the
 * same rows, the same questions in turn. Half the time is what a second shard can give. Figures are printed; what is
 * checked is that both layouts answer alike.
 */
export const clickhouseShards: Suite = {
  name: 'clickhouse-shards',
  what: 'time of what detection reads in a slot, from one shard and from two, one core each',
  slow: true,
  async run(checks) {
    if (availableParallelism() < 2) return checks.skip('two shards need two cores');
    const canPin = [0, 1].every(
      (core) => spawnSync('taskset', ['--cpu-list', String(core), 'true']).status === 0,
    );
    if (!canPin) return checks.skip('taskset is needed, to hold a node to one core');
    const stops: (() => Promise<void>)[] = [];
    const start = async (shards: number): Promise<Layout> => {
      const cores = Array.from({ length: shards }, (_, shard) => shard);
      const { nodes, stop } = await startClickhouseCluster(shards, 1, { unguarded: true, cores });
      stops.push(stop);
      const store = await openTelemetryStore({
        // Settings in the address hold for every statement, and the node that is asked passes them on.
        url: nodes.map(({ url }) => `${url}/?ch_max_threads=${THREADS}`),
        database: DATABASE,
        cluster: CLUSTER,
        replication: 'store',
      });
      stops.push(() => store.close());
      return { store, nodes };
    };
    try {
      const one = await start(1);
      const two = await start(2);
      await fill([one.store, two.store]);
      checks.note(
        `${ROWS} exchanges of ${ACCOUNTS} accounts in ${DAYS} days, merged; a core a node; ${ROUNDS} reads each`,
      );
      await describeMachine(checks, two.nodes);
      await compareLayouts(checks, one, two);
    } finally {
      for (const stop of stops.reverse()) await stop();
    }
  },
};

/** What bounds the ratios below, whatever the store does. */
async function describeMachine(checks: Checks, nodes: readonly ClickhouseNode[]): Promise<void> {
  const alone = await timeBusy(nodes.slice(0, 1));
  const both = await timeBusy(nodes);
  checks.note(
    `arithmetic on both cores at once takes ${(both / alone).toFixed(2)} of the time on one: a ratio of ${(both / alone / 2).toFixed(2)} at best`,
  );
  const [single, several] = [await timeSleeps(nodes[0]!, 1), await timeSleeps(nodes[0]!, THREADS)];
  checks.note(
    `a sleep of 1 s on each shard takes ${single.toFixed(1)} s with one thread a query, ${several.toFixed(1)} s with ${THREADS}`,
  );
}

async function compareLayouts(checks: Checks, one: Layout, two: Layout): Promise<void> {
  for (const [name, read] of Object.entries(READS)) {
    const expected = await read(one.store);
    const found = await read(two.store);
    checks.check(`${name}: two shards answer as one`, isDeepStrictEqual(found, expected));
  }
  const costs = Object.values(READS).map(() => ({ one: [] as Cost[], two: [] as Cost[] }));
  for (let round = 0; round < ROUNDS; round++)
    for (const [number, read] of Object.values(READS).entries()) {
      // Who goes first changes, so that what a read leaves behind in the caches favours neither.
      const turns = [
        async () => costs[number]!.one.push(await measure(one, read)),
        async () => costs[number]!.two.push(await measure(two, read)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
  checks.note('read | rows out | median ms of one shard, of two, ratio | quickest | processor ms');
  const causes: string[] = [];
  for (const [number, [name, read]] of Object.entries(READS).entries()) {
    const rows = Object.values(await read(one.store))[0].length;
    const { one: of1, two: of2 } = costs[number]!;
    const [usual1, usual2, best1, best2] = [medianCost(of1), medianCost(of2), quickest(of1), quickest(of2)];
    const compare = (a: number, b: number) => `${ms(a)}, ${ms(b)}, ${(b / a).toFixed(2)}`;
    const processor = `JS ${ms(usual1.reader)}, ${ms(usual2.reader)}; engine ${ms(usual1.engines)}, ${ms(usual2.busiest)} + ${ms(usual2.engines - usual2.busiest)}`;
    checks.note(
      `${name} | ${rows} | ${compare(usual1.wall, usual2.wall)} | ${compare(best1.wall, best2.wall)} | ${processor}`,
    );
    if (best2.wall / best1.wall > GOOD_RATIO) causes.push(`${name}: ${explain(best1, best2)}`);
  }
  checks.note('engine: processor time of the one shard, then of two, the busier first');
  for (const cause of causes) checks.note(cause);
  checks.note(`load of the machine in the last minute: ${loadavg()[0]!.toFixed(1)}`);
}

/** What lies above half of one shard's time, by where it is spent; of the quickest reads, so with the least of other load. */
function explain(one: Cost, two: Cost): string {
  const excess = two.wall - one.wall / 2;
  const reader = two.reader - one.reader / 2;
  const gathering = two.busiest - one.engines / 2;
  const parts = [
    ['receiving and decoding in JS', reader],
    ['gathering, sorting and sending on the node that is asked', gathering],
    ['nodes waiting for one another or for a core', excess - reader - gathering],
  ] as const;
  const said = parts
    .filter(([, part]) => part >= 1)
    .sort((a, b) => b[1] - a[1])
    .map(([what, part]) => `${what} ${ms(part)}`);
  return `${ms(excess)} ms above half of one shard: ${said.join(', ')}`;
}

async function measure(
  { store, nodes }: Layout,
  read: (reader: TelemetryReader) => Promise<object>,
): Promise<Cost> {
  // Looking costs the engine a millisecond itself: two looks in a row tell how much.
  const first = await Promise.all(nodes.map(readProcessorTime));
  const before = await Promise.all(nodes.map(readProcessorTime));
  const processor = process.cpuUsage();
  const from = performance.now();
  await read(store);
  const wall = performance.now() - from;
  const { user, system } = process.cpuUsage(processor);
  const after = await Promise.all(nodes.map(readProcessorTime));
  const engines = after.map((used, node) => used - before[node]! - (before[node]! - first[node]!));
  return {
    wall,
    reader: (user + system) / 1000,
    busiest: Math.max(...engines),
    engines: engines.reduce((sum, used) => sum + used, 0),
  };
}

/** Milliseconds of processor that a node's queries have used. */
async function readProcessorTime(node: ClickhouseNode): Promise<number> {
  const sql = "SELECT sum(value) FROM system.events WHERE event = 'OSCPUVirtualTimeMicroseconds'";
  return Number(await node.query(sql)) / 1000;
}

async function timeBusy(nodes: readonly ClickhouseNode[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const from = performance.now();
    await Promise.all(nodes.map((node) => node.query(BUSY)));
    times.push(performance.now() - from);
  }
  return median(times);
}

/** Seconds of a query that sleeps a second on each shard. */
async function timeSleeps(node: ClickhouseNode, threads: number): Promise<number> {
  const from = performance.now();
  await node.query(
    `SELECT sum(sleep(1)) FROM cluster('${CLUSTER}', system.one) SETTINGS max_threads = ${threads} FORMAT Null`,
  );
  return (performance.now() - from) / 1000;
}

function medianCost(costs: readonly Cost[]): Cost {
  const of = (part: keyof Cost) => median(costs.map((cost) => cost[part]));
  return { wall: of('wall'), reader: of('reader'), busiest: of('busiest'), engines: of('engines') };
}

function quickest(costs: readonly Cost[]): Cost {
  return costs.reduce((best, cost) => (cost.wall < best.wall ? cost : best));
}

function ms(value: number): string {
  return value.toFixed(0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function fill(stores: readonly TelemetryStore[]): Promise<void> {
  const random = makeRandom();
  const block = new ExchangeBlock();
  for (let row = 0; row < ROWS; row++) {
    pushExchange(block, row, random);
    if (block.rows < ROWS_A_BLOCK && row < ROWS - 1) continue;
    const bytes = block.encode();
    for (const store of stores) await store.insertExchanges(bytes);
    block.clear();
  }
  for (const store of stores) await store.compact();
}

/** Accounts have habits: 10 shapes, 3 networks, 2 instructions, 2 sets of parameters each, shared with others. */
function pushExchange(block: ExchangeBlock, row: number, random: () => number): void {
  const below = (n: number) => random() % n;
  const words = Uint32Array.from({ length: 36 }, random);
  words[0] = row;
  const sketch = new Uint8Array(words.buffer);
  const account = below(ACCOUNTS);
  block.push({
    id: sketch.subarray(0, 16),
    account: mix(account),
    organisation: 0n,
    endUser: 0n,
    atMs: PAST.fromMs + Math.floor((row / ROWS) * DAYS * DAY_MS),
    model: `model-${below(5)}`,
    operation: 'chat',
    ok: true,
    streamed: below(2) === 0,
    inputTokens: below(4000),
    outputTokens: below(2000),
    promptBytes: below(16_000),
    responseBytes: below(8000),
    durationMs: below(20_000),
    turns: 1 + below(8),
    promptHash: mix(words[4]!),
    minhash: sketch.subarray(24, 88),
    topics: sketch.subarray(88, 104),
    shape: (account * 17 + below(10) * 97) % 800,
    intents: 1 << below(12),
    systemHash: mix((account * 13 + below(2) * 31) % 300),
    toolsHash: 0n,
    responseHash: mix(words[5]!),
    responseMinhash: sketch.subarray(112, 144),
    fingerprint: mix((account * 7 + below(2)) % 200),
    contradiction: false,
    network: mix((account * 7 + below(3) * 1009) % ACCOUNTS),
    parameters: mix((account + below(2)) % 10),
  });
}

/** A number to a hash that is never 0; neighbours fall on different shards. */
function mix(value: number): bigint {
  return BigInt.asUintN(64, BigInt(value + 1) * 0x9e37_79b9_7f4a_7c15n);
}

/** Xorshift, 32 bits, the same sequence each time. */
function makeRandom(): () => number {
  let state = 0x2545_f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
