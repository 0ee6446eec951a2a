import { clopperPearson, type Interval, poissonInterval } from '@phalanx/stats';
import type { RunResult } from './cell.js';

/** Every bound in the tables is two-sided 95 %. */
const ALPHA = 0.05;

/** k of n with its Clopper-Pearson interval; n = 0 gives the interval [0, 1]. */
export interface Proportion {
  readonly k: number;
  readonly n: number;
  readonly interval: Interval;
}

/** Pools of one cell and one detector over all seeds. */
export interface PoolSummary {
  readonly cell: string;
  readonly detector: string;
  readonly campaign: boolean;
  readonly worlds: number;
  readonly found: Proportion;
  readonly named: Proportion;
  /** Named with an alarm within the first 1, 3 and 7 days. */
  readonly namedByDay: readonly Proportion[];
  readonly insufficient: Proportion;
  /** Fragments of pools told beside, or instead of, the pool: mean a world. */
  readonly fragments: number;
  /** Means over found pools; NaN without any. */
  readonly accountShare: number;
  readonly bCubedPrecision: number;
  readonly bCubedRecall: number;
  /** Medians over all pools, a pool never found counting as 1. */
  readonly leakedBeforeAlarm: number;
  readonly leakedBeforeName: number;
  /** Mean processor seconds of a detection; mean exchanges; largest resident set. */
  readonly processorSeconds: number;
  readonly exchanges: number;
  readonly peakMegabytes: number;
}

export const DAY_COLUMNS = [1, 3, 7] as const;

/** False findings of one detector over a set of worlds. */
export interface ErrorSummary {
  readonly detector: string;
  readonly worlds: number;
  readonly tenantMonths: number;
  readonly falseCampaigns: number;
  /** False campaigns per 1,000 tenant-months with the exact Poisson interval. */
  readonly falseCampaignsPer1000: number;
  readonly falseCampaignsInterval: Interval;
  /** Worlds with at least one false finding of the kind. */
  readonly worldsWithHiddenPool: Proportion;
  readonly worldsWithInsufficient: Proportion;
  readonly worldsWithCampaign: Proportion;
  readonly worldsWithAny: Proportion;
}

/** One honest class: accounts are not independent of one another (a class of students is one draw), so worlds stand beside. */
export interface ClassSummary {
  readonly detector: string;
  readonly class: string;
  readonly accused: Proportion;
  readonly accusedOfCampaign: Proportion;
  readonly worldsWithAccused: Proportion;
}

export function proportion(k: number, n: number): Proportion {
  return { k, n, interval: n === 0 ? { lower: 0, upper: 1 } : clopperPearson(k, n, ALPHA) };
}

export function summarisePools(results: readonly RunResult[]): PoolSummary[] {
  return groupBy(results, (r) => `${r.cell}\n${r.detector}`)
    .filter((runs) => runs[0]!.score.pools.length > 0)
    .map((runs) => {
      const pools = runs.flatMap((run) => run.score.pools);
      const count = (test: (pool: (typeof pools)[number]) => boolean): Proportion =>
        proportion(pools.filter(test).length, pools.length);
      return {
        cell: runs[0]!.cell,
        detector: runs[0]!.detector,
        campaign: pools[0]!.campaign,
        worlds: runs.length,
        found: count((p) => p.found),
        named: count((p) => p.named),
        namedByDay: DAY_COLUMNS.map((day) => count((p) => p.namedDay !== null && p.namedDay <= day)),
        insufficient: count((p) => p.insufficient),
        fragments: mean(runs.map((r) => r.score.fragments)),
        accountShare: mean(pools.filter((p) => p.found).map((p) => p.accountShare)),
        bCubedPrecision: mean(runs.map((r) => r.score.bCubedPrecision)),
        bCubedRecall: mean(runs.map((r) => r.score.bCubedRecall)),
        leakedBeforeAlarm: median(pools.map((p) => p.leakedBeforeAlarm)),
        leakedBeforeName: median(pools.map((p) => p.leakedBeforeName)),
        processorSeconds: mean(runs.map((r) => r.processorSeconds)),
        exchanges: mean(runs.map((r) => r.exchanges)),
        peakMegabytes: Math.max(...runs.map((r) => r.peakMegabytes)),
      };
    });
}

export function summariseErrors(results: readonly RunResult[]): ErrorSummary[] {
  return groupBy(results, (r) => r.detector).map((runs) => {
    const worlds = (test: (score: RunResult['score']) => boolean): Proportion =>
      proportion(runs.filter((r) => test(r.score)).length, runs.length);
    const tenantMonths = sum(runs.map((r) => r.score.tenantMonths));
    const falseCampaigns = sum(runs.map((r) => r.score.falseCampaigns));
    const { lower, upper } = poissonInterval(falseCampaigns, ALPHA);
    const scale = 1000 / tenantMonths;
    return {
      detector: runs[0]!.detector,
      worlds: runs.length,
      tenantMonths,
      falseCampaigns,
      falseCampaignsPer1000: falseCampaigns * scale,
      falseCampaignsInterval: { lower: lower * scale, upper: upper * scale },
      worldsWithHiddenPool: worlds((s) => s.falseHiddenPools > 0),
      worldsWithInsufficient: worlds((s) => s.falseInsufficient > 0),
      worldsWithCampaign: worlds((s) => s.falseCampaigns > 0),
      worldsWithAny: worlds((s) => s.falseHiddenPools + s.falseCampaigns + s.falseInsufficient > 0),
    };
  });
}

/** Classes of every detector, the worst (largest share of accounts accused) first. */
export function summariseClasses(results: readonly RunResult[]): ClassSummary[] {
  const rows = results.flatMap((run) =>
    run.score.classes.map((outcome) => ({ detector: run.detector, ...outcome })),
  );
  return groupBy(rows, (row) => `${row.detector}\n${row.class}`)
    .map((group) => {
      const accounts = sum(group.map((row) => row.accounts));
      return {
        detector: group[0]!.detector,
        class: group[0]!.class,
        accused: proportion(sum(group.map((row) => row.accused)), accounts),
        accusedOfCampaign: proportion(sum(group.map((row) => row.accusedOfCampaign)), accounts),
        worldsWithAccused: proportion(
          group.filter((row) => row.accused + row.accusedOfCampaign > 0).length,
          group.length,
        ),
      };
    })
    .sort((a, b) => b.accused.k / b.accused.n - a.accused.k / a.accused.n);
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return [...groups.values()];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Mean of what is defined; NaN when nothing is. */
function mean(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return sum(defined) / defined.length;
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length === 0
    ? Number.NaN
    : (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
