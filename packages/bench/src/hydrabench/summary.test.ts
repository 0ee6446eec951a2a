import { describe, expect, it } from 'vitest';
import type { RunResult } from './cell.js';
import type { ClassOutcome, PoolOutcome, Score } from './score.js';
import { summariseClasses, summariseErrors, summarisePools } from './summary.js';
import { writeTables } from './tables.js';

const POOL: PoolOutcome = {
  name: 'hydra',
  class: 'A2',
  campaign: true,
  accounts: 10,
  found: false,
  named: false,
  insufficient: false,
  accountShare: 0,
  attackExchanges: 100,
  leakedBeforeAlarm: 1,
  leakedBeforeName: 1,
  alarmDay: null,
  namedDay: null,
};
const NAMED: PoolOutcome = {
  ...POOL,
  found: true,
  named: true,
  accountShare: 0.8,
  leakedBeforeAlarm: 0.1,
  leakedBeforeName: 0.2,
  alarmDay: 0.75,
  namedDay: 2,
};
const CLASS: ClassOutcome = { class: 'B7', accounts: 40, accused: 0, accusedOfCampaign: 0 };

function makeRun(seed: number, score: Partial<Score>, settings: Partial<RunResult> = {}): RunResult {
  return {
    cell: 'lru',
    group: 'attack',
    seed: String(seed),
    detector: 'phalanx',
    accounts: 100,
    exchanges: 1000,
    alpha: 0.01,
    poolsExamined: 3,
    setAside: [],
    score: {
      pools: [],
      classes: [],
      falseHiddenPools: 0,
      falseCampaigns: 0,
      falseInsufficient: 0,
      fragments: 0,
      tenantMonths: 50,
      bCubedPrecision: Number.NaN,
      bCubedRecall: Number.NaN,
      ...score,
    },
    findings: [],
    worldSeconds: 1,
    seconds: 1,
    processorSeconds: 1,
    peakMegabytes: 100,
    ...settings,
  };
}

describe('summarisePools', () => {
  it('counts by day, and takes medians with misses as whole leaks', () => {
    const [row] = summarisePools([
      makeRun(0, { pools: [NAMED], bCubedPrecision: 0.9 }),
      makeRun(1, { pools: [{ ...NAMED, namedDay: 5, leakedBeforeName: 0.6 }], bCubedPrecision: 0.7 }),
      makeRun(2, { pools: [POOL] }),
    ]);
    expect(row).toMatchObject({ worlds: 3, accountShare: 0.8, leakedBeforeName: 0.6 });
    expect(row!.namedByDay.map(({ k }) => k)).toEqual([0, 1, 2]);
    expect(row!.bCubedPrecision).toBeCloseTo(0.8, 12);
    // Clopper-Pearson 95 % of 2 in 3: 0.0943 to 0.9916.
    expect(row!.named.interval.lower).toBeCloseTo(0.0943, 4);
    expect(row!.named.interval.upper).toBeCloseTo(0.9916, 4);
  });
});

describe('summariseErrors', () => {
  it('gives rates per 1,000 tenant-months with the exact Poisson bound', () => {
    const runs = Array.from({ length: 200 }, (_, seed) => makeRun(seed, {}, { group: 'null' }));
    const [row] = summariseErrors(runs);
    expect(row).toMatchObject({ worlds: 200, tenantMonths: 10_000, falseCampaignsPer1000: 0 });
    expect(row!.falseCampaignsInterval.upper).toBeCloseTo(3.6889 / 10, 4);
    expect(row!.worldsWithAny.interval.upper).toBeCloseTo(0.01828, 4);
  });
});

describe('summariseClasses', () => {
  it('puts the worst class first', () => {
    const rows = summariseClasses([
      makeRun(0, { classes: [CLASS, { ...CLASS, class: 'B2', accused: 4 }] }),
      makeRun(1, { classes: [CLASS, { ...CLASS, class: 'B2' }] }),
    ]);
    expect(rows.map((row) => [row.class, row.accused.k, row.accused.n, row.worldsWithAccused.k])).toEqual([
      ['B2', 4, 80, 1],
      ['B7', 0, 80, 0],
    ]);
  });
});

describe('writeTables', () => {
  it('states provenance, and leaves out tables without rows', () => {
    const text = writeTables([makeRun(0, { pools: [NAMED], classes: [CLASS] })], {
      commit: 'abc',
      seeds: '0',
      sources: 'built-in',
    });
    expect(text).toContain('commit abc; seeds 0; built-in');
    expect(text).toContain('### Campaigns');
    expect(text).toContain('| lru | phalanx | 1/1 [0.025, 1] | 1/1 [0.025, 1] | 0/1 | 1/1 | 1/1 |');
    expect(text).not.toContain('### Calibration');
    expect(text).not.toContain('NaN');
  });
});
