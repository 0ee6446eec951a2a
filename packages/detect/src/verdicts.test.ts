import type { ExchangeSample } from '@phalanx/domain';
import { describe, expect, it } from 'vitest';
import type { Reference } from './demand/reference.js';
import { defaultOptions } from './options.js';
import type { ComponentUnderTest, Pool } from './pool.js';
import type { Replay } from './replay.js';
import { reachVerdicts } from './verdicts.js';

const ALPHA = 0.01;
const OPTIONS = { ...defaultOptions, alpha: ALPHA };
/** What one pool alone must reach, at half of alpha. */
const ENOUGH = Math.log(2 / ALPHA) + 0.01;
const HUGE = 100;

interface Demand {
  readonly logE: number;
  readonly largest?: number;
  readonly benchmark?: number;
  readonly reasoning?: number;
  readonly identified?: number;
  readonly tasks?: number;
  readonly promising?: boolean;
}

function component(name: string, demand: Demand): ComponentUnderTest {
  return {
    chosen: {
      component: { kind: 'intent', name },
      promising: demand.promising ?? true,
      share: 0.1,
      lambda0: 1e-5,
    },
    demand: {
      logE: demand.logE,
      largestAccountShare: demand.largest ?? 0.01,
      benchmarkShare: demand.benchmark ?? 0,
      taskShare: demand.tasks ?? 1,
      intentShare: (intent: string) =>
        intent === 'REASONING'
          ? (demand.reasoning ?? 0)
          : intent === 'IDENTIFIER'
            ? (demand.identified ?? 0)
            : 0,
      topics: [],
    },
    evenness: { logE: HUGE },
  } as unknown as ComponentUnderTest;
}

/** A pool proposed at a time, with coordination and demand after each slot. */
function pool(
  number: number,
  proposedAtMs: number,
  trace: readonly (readonly [atMs: number, coordination: number, demand: number])[],
  components: readonly ComponentUnderTest[] = [],
): Pool {
  return {
    number,
    proposal: { members: new Int32Array(30) },
    proposedAtMs,
    components,
    coordination: { evenMixture: { logE: HUGE }, turnTaking: null },
    setAside: null,
    trace: trace.map(([atMs, logCoordination, logDemand]) => ({
      atMs,
      logCoordination,
      logDemand,
      logBoth: Math.min(logCoordination, logDemand),
    })),
  } as unknown as Pool;
}

/** Nobody's, so no component is seen to be one job; `one-job.test.ts` tests what is. */
const sample = { account: new BigUint64Array(0) } as ExchangeSample;

function judge(pools: readonly Pool[], slotEnds: readonly number[] = [1, 2, 3], unlikeAnybody = false) {
  const reference = {
    novelty: () => ({ surprise: unlikeAnybody ? 9 : 1, limit: 5 }),
  } as unknown as Reference;
  const told = pools.map((p) => ({ ...p, reference }));
  return reachVerdicts({ pools: told, slotEnds } as unknown as Replay, OPTIONS, async () => sample);
}

describe('a hidden pool', () => {
  const kinds = async (pools: readonly Pool[]) =>
    (await judge(pools)).map((v) => [v.pool.number, v.kind, v.alarmAtMs]);

  it('is told from half of alpha on, with the end of the slot at which it first was', async () => {
    const trace = [
      [1, 0, 0],
      [2, ENOUGH, 0],
      [3, ENOUGH + 5, 0],
    ] as const;
    expect(await kinds([pool(0, 0, trace)])).toEqual([[0, 'hidden-pool', 2]]);
    expect(await kinds([pool(0, 0, [[3, ENOUGH - 0.02, 0]])])).toEqual([]);
  });

  it('must still be one at the end, by the last evidence there is', async () => {
    const faded = [
      [1, HUGE, 0],
      [3, 0, 0],
    ] as const;
    expect(await kinds([pool(0, 0, faded)])).toEqual([]);
    expect(await kinds([pool(0, 0, [[1, HUGE, 0]])])).toEqual([[0, 'hidden-pool', 1]]);
  });

  it('costs more where more pools were tried, less where more of them are found, nothing for those set aside', async () => {
    const quiet = (number: number, proposedAtMs = 0) => pool(number, proposedAtMs, [[3, 0, 0]]);
    const found = (number: number) => pool(number, 0, [[3, ENOUGH, 0]]);
    expect(await kinds([found(0), quiet(1)])).toEqual([]);
    expect(await kinds([found(0), found(1)])).toHaveLength(2);
    expect(await kinds([found(0), { ...quiet(1), setAside: 'declared' }])).toHaveLength(1);
    expect(await kinds([{ ...found(0), setAside: 'declared' }])).toEqual([]);
  });

  it('needs a tenth of a nat an account, since a few coordinated ones among many strangers are no pool', async () => {
    const large = (coordination: number) => ({
      ...pool(0, 0, [[3, coordination, 0]]),
      proposal: { members: new Int32Array(1000) } as Pool['proposal'],
    });
    expect(await kinds([large(99)])).toEqual([]);
    expect(await kinds([large(101)])).toHaveLength(1);
  });

  it('is not held back before another pool was proposed', async () => {
    const early = pool(0, 0, [
      [1, ENOUGH, 0],
      [3, HUGE, 0],
    ]);
    expect(await kinds([early, pool(1, 1, [[3, 0, 0]])])).toEqual([[0, 'hidden-pool', 1]]);
    expect(await kinds([early, pool(1, 0, [[3, 0, 0]])])).toEqual([[0, 'hidden-pool', 3]]);
  });
});

describe('a pool with demand', () => {
  const verdict = async (components: readonly ComponentUnderTest[], unlikeAnybody = false) =>
    (await judge([pool(0, 0, [[2, HUGE, HUGE]], components)], [1, 2, 3], unlikeAnybody))[0]!;
  const names = (components: readonly ComponentUnderTest[]) => components.map((c) => c.chosen.component.name);

  it('is a campaign, carried by what promised and speaks, the strongest first', async () => {
    const { kind, decisive, alarmAtMs } = await verdict([
      component('weak', { logE: 20 }),
      component('silent', { logE: -3 }),
      component('strong', { logE: 60 }),
      component('unpromising', { logE: 80, promising: false }),
    ]);
    expect([kind, alarmAtMs, names(decisive)]).toEqual(['distillation-campaign', 2, ['strong', 'weak']]);
  });

  it.each([
    ['a few accounts', { largest: 0.2 }, false],
    ['known public benchmark', { benchmark: 0.6 }, false],
    ['no other customer', {}, true],
    ['an identifier or a time of their own', { identified: 0.6 }, false],
    ['bare questions', { tasks: 0.2 }, false],
  ])(
    'is insufficient when its only demand comes from or is about %s',
    async (words, doubt, unlikeAnybody) => {
      const { kind, because, decisive } = await verdict(
        [component('list', { logE: 60, ...doubt })],
        unlikeAnybody,
      );
      expect([kind, names(decisive)]).toEqual(['insufficient', ['list']]);
      expect(because).toContain(words);
    },
  );

  it('is a campaign whatever it is about, where it asks for training material in words', async () => {
    expect((await verdict([component('list', { logE: 60, reasoning: 0.4 })], true)).kind).toBe(
      'distillation-campaign',
    );
  });

  it('is a campaign where what is beyond doubt suffices alone, and rests on that', async () => {
    const doubtful = component('benchmark', { logE: 90, benchmark: 1 });
    const plain = await verdict([doubtful, component('list', { logE: 20 })]);
    expect([plain.kind, names(plain.decisive)]).toEqual(['distillation-campaign', ['list']]);
    expect((await verdict([doubtful, component('list', { logE: 3 })])).kind).toBe('insufficient');
  });

  it('stays a hidden pool while the smaller of the two does not suffice', async () => {
    const shy = pool(0, 0, [[3, HUGE, ENOUGH - 0.02]], [component('list', { logE: 60 })]);
    expect(await judge([shy])).toMatchObject([{ kind: 'hidden-pool', decisive: [] }]);
  });
});
