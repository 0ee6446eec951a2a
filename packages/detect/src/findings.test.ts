import type { AccountActivity, AccountFacts, ExchangeSample, TelemetryReader } from '@phalanx/domain';
import { beforeAll, describe, expect, it } from 'vitest';
import { Reference } from './demand/reference.js';
import { drawFindings } from './findings.js';
import { defaultOptions } from './options.js';
import type { ComponentUnderTest, Pool } from './pool.js';
import { Population } from './population/population.js';
import type { Replay } from './replay.js';

const ACCOUNTS = 300;
const WINDOW = { fromMs: 1000, toMs: 5000 };
const SLOT_ENDS = [2000, 3000, 4000, 5000];
const EMPTY: ExchangeSample = {
  account: new BigUint64Array(0),
  atMs: new Float64Array(0),
  lot: new Uint32Array(0),
  shape: new Uint32Array(0),
  intents: new Uint32Array(0),
  promptHash: new BigUint64Array(0),
  topics: new Uint8Array(0),
  ok: new Uint8Array(0),
  systemHash: new BigUint64Array(0),
  fingerprint: new BigUint64Array(0),
  parameters: new BigUint64Array(0),
  network: new BigUint64Array(0),
  outputTokens: new Uint32Array(0),
  model: new BigUint64Array(0),
};

/** Every account asks once a second, account a for the first time a milliseconds into the window. */
const reader: Partial<TelemetryReader> = {
  accountFacts: async () => ({ account: new BigUint64Array(0) }) as AccountFacts,
  accountActivity: async ({ fromMs, toMs }) => {
    const account = BigUint64Array.from({ length: ACCOUNTS }, (_, a) => BigInt(a + 1));
    return {
      account,
      exchanges: new Uint32Array(ACCOUNTS).fill((toMs - fromMs) / 1000),
      firstMs: Float64Array.from({ length: ACCOUNTS }, (_, a) => fromMs + a),
      lastMs: new Float64Array(ACCOUNTS).fill(toMs - 1),
      outputTokens: new Float64Array(ACCOUNTS),
      distinctFingerprints: new Uint32Array(ACCOUNTS),
      contradictions: new Uint32Array(ACCOUNTS),
      distinctEndUsers: new Uint32Array(ACCOUNTS),
    } satisfies AccountActivity;
  },
  sampleExchanges: async () => EMPTY,
  interventions: async () => [],
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const hex = (a: number) => (a + 1).toString(16).padStart(16, '0');
let population: Population;
beforeAll(async () => {
  population = await Population.load(reader as TelemetryReader, WINDOW);
});

interface Told {
  readonly members: readonly number[];
  readonly coordination: number;
  readonly demand?: number;
  /** Slot from which on the evidence is there. */
  readonly from?: number;
  readonly strength?: number;
  readonly by?: string;
  readonly proposedAtMs?: number;
}

function poolOf(told: Told, number: number): Pool {
  const {
    members,
    coordination,
    demand = 0,
    from = 0,
    strength = 1,
    by = 'a link',
    proposedAtMs = 1500,
  } = told;
  const list = {
    chosen: { component: { kind: 'intent', name: 'a list' }, promising: true, share: 0.1, lambda0: 1e-5 },
    demand: {
      logE: demand,
      largestAccountShare: 0,
      benchmarkShare: 0,
      topics: [],
      seen: 100,
      intentShare: (intent: string) => ({ REASONING: 0.5, RUBRIC: 0.005 })[intent] ?? 0,
    },
    evenness: { logE: coordination },
  } as unknown as ComponentUnderTest;
  return {
    number,
    proposal: {
      members: Int32Array.from(members),
      strength: new Float64Array(members.length).fill(strength),
      by,
    },
    proposedAtMs,
    memberHashes: population.hashes(members),
    memberSet: new Set(population.hashes(members)),
    reference: new Reference(EMPTY),
    components: demand > 0 ? [list] : [],
    coordination: { evenMixture: { logE: coordination }, turnTaking: null },
    setAside: null,
    trace: SLOT_ENDS.map((atMs, s) => {
      const [logCoordination, logDemand] = s >= from ? [coordination, demand] : [0, 0];
      return {
        atMs,
        exchanges: s,
        logCoordination,
        logDemand,
        logBoth: Math.min(logCoordination, logDemand),
      };
    }),
  } as unknown as Pool;
}

async function draw(...told: readonly Told[]) {
  const pools = told.map(poolOf);
  const replay: Replay = { population, window: WINDOW, pools, slotEnds: SLOT_ENDS };
  return drawFindings(reader as TelemetryReader, replay, defaultOptions);
}

describe('verdicts about the same accounts', () => {
  it('are one finding, for which the gravest speaks, whatever evidence another has', async () => {
    const hidden = { members: range(0, 100), coordination: 900, by: 'one link', proposedAtMs: 1200 };
    const campaign = { members: range(0, 90), coordination: 50, demand: 40, by: 'another' };
    const { findings } = await draw(hidden, campaign);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ kind: 'distillation-campaign', proposedBy: ['another', 'one link'] });
    expect(findings[0]!.proposedAtMs).toBe(1200);
    expect(findings[0]!.log10ECoordination).toBeCloseTo(50 / Math.LN10, 12);
  });

  it('are told apart below half of the accounts for campaigns, below a fifth for hidden pools', async () => {
    for (const [demand, share] of [
      [50, 50],
      [0, 20],
    ] as const) {
      const first = { members: range(0, 100), coordination: 90, demand };
      const from = (a: number) => draw(first, { ...first, members: range(a, a + 100), coordination: 80 });
      expect((await from(101 - share)).findings).toHaveLength(2);
      expect((await from(100 - share)).findings).toHaveLength(1);
    }
  });

  it('join the finding that told of most of their accounts', async () => {
    const { findings } = await draw(
      { members: range(0, 100), coordination: 90, by: 'first' },
      { members: range(100, 200), coordination: 80, by: 'second' },
      { members: range(70, 200), coordination: 70, by: 'both' },
    );
    expect(findings.map((f) => f.proposedBy)).toEqual([['first'], ['second', 'both']]);
  });
});

it('of accounts that a grown pool brought along are told with it', async () => {
  const { findings } = await draw(
    { members: range(0, 100), coordination: 90 },
    { members: range(0, 140), coordination: 80 },
    { members: range(100, 140), coordination: 70 },
  );
  expect(findings.map(({ members }) => members.length)).toEqual([140]);
});

describe('the accounts of a finding', () => {
  const first = { members: range(0, 100), coordination: 90 };
  const listed = async (other: Omit<Told, 'coordination'>) =>
    (await draw(first, { ...other, coordination: 80 })).findings[0]!.members.map((m) => m.accountId).sort();

  it('include those of nearly the same pool, seen on other days', async () => {
    expect(await listed({ members: range(20, 120) })).toEqual(range(0, 120).map(hex));
    expect(await listed({ members: range(0, 190) })).toEqual(range(0, 190).map(hex));
  });

  it('exclude those of a pool that overlaps less, or that is far larger', async () => {
    expect(await listed({ members: range(22, 122) })).toEqual(range(0, 100).map(hex));
    const small = { members: range(0, 40), coordination: 90 };
    const listedOf = async (n: number) =>
      (await draw(small, { members: range(0, n), coordination: 80 })).findings[0]!.members.length;
    expect([await listedOf(100), await listedOf(101)]).toEqual([100, 40]);
  });

  it('keep the largest strength that any of its pools gives', async () => {
    for (const [own, others, expected] of [
      [1, 7, [1, 7, 7]],
      [9, 7, [9, 9, 7]],
    ] as const) {
      const later = { members: range(10, 110), coordination: 80, strength: others };
      const { findings } = await draw({ ...first, strength: own }, later);
      const strength = new Map(findings[0]!.members.map((m) => [m.accountId, m.strength]));
      expect([0, 10, 109].map((a) => strength.get(hex(a)))).toEqual(expected);
    }
  });
});

it('counts what was asked before the first alarm of any kind, and after; says since when it is what it is', async () => {
  const { findings, evidence } = await draw(
    { members: range(5, 105), coordination: 90, demand: 30, from: 2 },
    { members: range(5, 105), coordination: 80, demand: 20, from: 1 },
    { members: range(5, 105), coordination: 70 },
  );
  expect(findings).toMatchObject([
    {
      firstAlarmAtMs: 2000,
      kindAlarmAtMs: 3000,
      exchangesBeforeAlarm: 100,
      exchangesAfterAlarm: 300,
      firstExchangeAtMs: 1005,
    },
  ]);
  expect(findings[0]!.sought).toEqual([{ capability: 'reasoning', share: 0.5 }]);
  expect(evidence.map((point) => [point.findingId, point.exchanges])).toEqual(
    SLOT_ENDS.map((_, s) => [findings[0]!.id, s]),
  );
});

it('gives a finding the same name for the same accounts, and another for others', async () => {
  const id = async (members: readonly number[]) =>
    (await draw({ members, coordination: 90 })).findings[0]!.id;
  expect(await id(range(0, 50))).toBe(await id(range(0, 50)));
  expect(await id(range(0, 50))).not.toBe(await id(range(0, 51)));
});
