import type { ExchangeSample, FindingKind } from '@phalanx/domain';
import { rejectByEbh } from '@phalanx/stats';
import { strongIntentShare } from './demand/demand-process.js';
import { describeOneJob } from './demand/one-job.js';
import type { DetectOptions } from './options.js';
import { type ComponentUnderTest, isStrong, type Pool, type PoolEvidence, poolEvidence } from './pool.js';
import type { Replay } from './replay.js';

const MAX_ACCOUNT_SHARE = 0.1;
const MAX_BENCHMARK_SHARE = 0.5;
const STRONG_INTENT = 0.3;
const MAX_IDENTIFIED = 0.5;
/** Honest lists without duplicates set a task in up to a third of their prompts, most training sets in 46 % and more (docs/decisions/0011). */
const MIN_TASKS = 0.4;

/** What a pool was found to be, and when. */
export interface Verdict {
  readonly pool: Pool;
  readonly kind: FindingKind;
  readonly kindAlarmAtMs: number;
  /** When the pool was first a finding of any kind; `kindAlarmAtMs` or earlier. */
  readonly alarmAtMs: number;
  /** Components whose demand carries the verdict, strongest first; none for a hidden pool. */
  readonly decisive: readonly ComponentUnderTest[];
  readonly because: string;
  readonly wouldSettle: readonly string[];
}

/**
 * Which pools are findings at the end of the window, and the slot at which each first was: at each slot's end e-BH over
 * all pools proposed so far, half of alpha for hidden pools and half for campaigns. A campaign needs, besides its
 * e-value, demand that can be judged; otherwise the answer is `insufficient`.
 *
 * @param sampleOf exchanges of a pool over the window, bounded, with MinHash lanes; asked for pools with demand only
 */
export async function reachVerdicts(
  replay: Replay,
  options: DetectOptions,
  sampleOf: (pool: Pool) => Promise<ExchangeSample>,
): Promise<Verdict[]> {
  const level = options.alpha / 2;
  const firstHidden = new Map<Pool, number>();
  const firstBoth = new Map<Pool, number>();
  let hidden: Rejected = { pools: new Set(), neededLogE: Number.POSITIVE_INFINITY };
  let both = hidden;
  for (const atMs of replay.slotEnds) {
    const tried = replay.pools.filter((pool) => pool.proposedAtMs < atMs && !pool.setAside);
    if (tried.length === 0) continue;
    hidden = reject(tried, atMs, level, (evidence) => evidence.logCoordination);
    both = reject(tried, atMs, level, (evidence) => evidence.logBoth);
    for (const pool of hidden.pools) if (!firstHidden.has(pool)) firstHidden.set(pool, atMs);
    for (const pool of both.pools) if (!firstBoth.has(pool)) firstBoth.set(pool, atMs);
  }
  const verdicts: Verdict[] = [];
  for (const pool of replay.pools)
    if (both.pools.has(pool))
      verdicts.push({
        ...judgeDemand(pool, await sampleOf(pool), both.neededLogE),
        kindAlarmAtMs: firstBoth.get(pool)!,
        alarmAtMs: Math.min(firstBoth.get(pool)!, firstHidden.get(pool) ?? Number.POSITIVE_INFINITY),
      });
    else if (hidden.pools.has(pool)) {
      const alarmAtMs = firstHidden.get(pool)!;
      verdicts.push({ ...hiddenPool(pool), kindAlarmAtMs: alarmAtMs, alarmAtMs });
    }
  return verdicts;
}

interface Rejected {
  readonly pools: ReadonlySet<Pool>;
  /** What an e-value had to reach, given how many did. */
  readonly neededLogE: number;
}

function reject(
  tried: readonly Pool[],
  atMs: number,
  level: number,
  pick: (evidence: PoolEvidence) => number,
): Rejected {
  const logEs = tried.map((pool) => {
    const point = pool.trace.findLast((earlier) => earlier.atMs <= atMs);
    if (!point) return 0;
    // Held back to at most 1: never above what it was, so still an e-value.
    return isStrong(point, pool.proposal) ? pick(point) : Math.min(0, pick(point));
  });
  const pools = new Set(rejectByEbh(logEs, level).rejected.map((i) => tried[i]!));
  return { pools, neededLogE: Math.log(tried.length / (level * Math.max(1, pools.size))) };
}

/** A verdict without its times. */
type Judgement = Omit<Verdict, 'kindAlarmAtMs' | 'alarmAtMs'>;

function hiddenPool(pool: Pool): Judgement {
  return {
    pool,
    kind: 'hidden-pool',
    decisive: [],
    because: 'An undeclared reseller or load balancer spreads honest customers over these accounts.',
    wouldSettle: [
      'Verification of a sample of account holders, or a declaration as reseller with end-user pseudonyms.',
    ],
  };
}

/** Campaign, if the components about which there is no doubt carry the e-value alone; else insufficient. */
function judgeDemand(pool: Pool, sample: ExchangeSample, neededLogE: number): Judgement {
  const speaking = pool.components
    .filter(({ chosen, demand }) => chosen.promising && demand.logE > 0)
    .sort((a, b) => b.demand.logE - a.demand.logE);
  const doubts = new Map<ComponentUnderTest, string>();
  for (const component of speaking) {
    const doubt = demandDoubt(component, pool, sample);
    if (doubt !== null) doubts.set(component, doubt);
  }
  const undoubted = poolEvidence(pool, (component) => !doubts.has(component));
  if (undoubted.logBoth >= neededLogE)
    return {
      pool,
      kind: 'distillation-campaign',
      decisive: speaking.filter((component) => !doubts.has(component)),
      because: 'An undeclared reseller one of whose customers works through a curated list of tasks.',
      wouldSettle: [
        'End-user pseudonyms: an honest reseller can show which customer asks these prompts.',
        'A randomised delay: if one hand steers the accounts, load moves to those not delayed.',
      ],
    };
  return {
    pool,
    kind: 'insufficient',
    decisive: speaking,
    because: doubts.values().next().value!,
    wouldSettle: ['The list that these prompts come from, or end-user pseudonyms that show who asks them.'],
  };
}

/**
 * Whether the demand of a pool, as far as it is evidence, could be an honest list's: the answer would be `insufficient`.
 *
 * @param sample exchanges of the pool, bounded, with MinHash lanes
 */
export function isDemandDoubted(pool: Pool, sample: ExchangeSample): boolean {
  const { logBoth } = poolEvidence(pool);
  return logBoth > 0 && judgeDemand(pool, sample, logBoth).kind === 'insufficient';
}

/** Why a component's demand cannot carry the word campaign, or null. */
function demandDoubt(
  { chosen, demand }: ComponentUnderTest,
  pool: Pool,
  sample: ExchangeSample,
): string | null {
  if (demand.largestAccountShare > MAX_ACCOUNT_SHARE)
    return 'Most of the list-like requests come from a few accounts, which may be customers with lists of their own.';
  if (demand.benchmarkShare > MAX_BENCHMARK_SHARE)
    return 'The list-like requests are a known public benchmark.';
  if (strongIntentShare(demand) >= STRONG_INTENT) return null;
  if (demand.taskShare < MIN_TASKS)
    return 'Most of the list-like requests are bare questions, exam items or statements that set no task; an honest list without duplicates (a quiz, an evaluation, a catalogue) would look the same.';
  if (demand.intentShare('IDENTIFIER') > MAX_IDENTIFIED)
    return 'Most of the list-like requests carry an identifier or a time of their own, so that no two could be alike; a product that numbers its requests would look the same.';
  const job = describeOneJob(sample, chosen.component);
  if (job !== null)
    return `The list-like requests ${job}, and say nothing of training; an honest product that works through documents or tickets would look the same.`;
  const { surprise, limit } = pool.reference.novelty(demand.topics, pool.memberSet);
  if (surprise > limit)
    return 'The list-like requests are about things that no other customer asks of, and say nothing of training; an honest curated list would look the same.';
  return null;
}
