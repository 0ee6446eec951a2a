import { createHash } from 'node:crypto';
import { canonicalJson } from '@phalanx/core';
import type { DetectionReport, Finding, FindingKind, TelemetryReader, TimeWindow } from '@phalanx/domain';
import { rejectByEbh } from '@phalanx/stats';
import { SOUGHT } from './demand/component.js';
import { strongIntentShare } from './demand/demand-process.js';
import { shareInside } from './links/proposal.js';
import type { DetectOptions } from './options.js';
import type { ComponentUnderTest, Pool } from './pool.js';
import type { Replay } from './replay.js';
import { signals } from './signals/index.js';
import type { Evidence } from './signals/signal.js';

/** Findings about the same accounts are told once. */
const SAME_ACCOUNTS = 0.5;
const NEARLY_SAME = 0.8;
const MOST_GROWTH = 1.6;
const MAX_ACCOUNT_SHARE = 0.1;
const MAX_BENCHMARK_SHARE = 0.5;
const STRONG_INTENT = 0.3;
const SAMPLE_ROWS = 20_000;

interface Verdict {
  readonly pool: Pool;
  readonly kind: FindingKind;
  readonly alarmAtMs: number;
  readonly because: string;
  readonly wouldSettle: readonly string[];
}

/**
 * Draws findings from a replay: at each slot's end e-BH over all pools proposed so far, half of alpha for hidden pools
 * and half for campaigns. A campaign needs, besides its e-value, that its demand can be judged; otherwise the answer is
 * `insufficient`.
 */
export async function drawFindings(
  reader: TelemetryReader,
  replay: Replay,
  options: DetectOptions,
): Promise<Pick<DetectionReport, 'findings' | 'evidence'>> {
  const groups = groupByAccounts(judge(replay, options));
  const findings: Finding[] = [];
  const evidence: DetectionReport['evidence'] = [];
  for (const group of groups) {
    const finding = await describe(reader, replay, group);
    findings.push(finding);
    const shown = group[0]!.pool;
    for (const point of shown.trace)
      evidence.push({
        findingId: finding.id,
        atMs: point.atMs,
        log10ECoordination: point.logCoordination / Math.LN10,
        log10EDemand: point.logDemand / Math.LN10,
        exchanges: point.exchanges,
      });
  }
  return { findings, evidence };
}

/** Which pools are findings at the end of the window, with the slot at which each first was. */
function judge(replay: Replay, options: DetectOptions): Verdict[] {
  const pools = replay.pools.filter((pool) => !pool.setAside && pool.trace.length > 0);
  const firstHidden = new Map<Pool, number>();
  const firstBoth = new Map<Pool, number>();
  let hidden = new Set<Pool>();
  let both = new Set<Pool>();
  for (const atMs of replay.slotEnds) {
    const tried = replay.pools.filter((pool) => pool.proposedAtMs < atMs && !pool.setAside);
    if (tried.length === 0) continue;
    const at = (pool: Pool) => pool.trace.findLast((point) => point.atMs <= atMs);
    const reject = (pick: (point: Pool['trace'][number]) => number): Set<Pool> => {
      const logEs = tried.map((pool) => {
        const point = at(pool);
        return point ? pick(point) : 0;
      });
      return new Set(rejectByEbh(logEs, options.alpha / 2).rejected.map((i) => tried[i]!));
    };
    hidden = reject((point) => point.logCoordination);
    both = reject((point) => point.logBoth);
    for (const pool of hidden) if (!firstHidden.has(pool)) firstHidden.set(pool, atMs);
    for (const pool of both) if (!firstBoth.has(pool)) firstBoth.set(pool, atMs);
  }
  return pools
    .filter((pool) => hidden.has(pool) || both.has(pool))
    .map((pool) => {
      if (!both.has(pool))
        return {
          pool,
          kind: 'hidden-pool' as const,
          alarmAtMs: firstHidden.get(pool)!,
          because: 'An undeclared reseller or load balancer spreads honest customers over these accounts.',
          wouldSettle: [
            'Verification of a sample of account holders, or a declaration as reseller with end-user pseudonyms.',
          ],
        };
      const doubt = demandDoubt(pool, replay);
      return {
        pool,
        kind: doubt ? ('insufficient' as const) : ('distillation-campaign' as const),
        alarmAtMs: firstBoth.get(pool)!,
        because:
          doubt ?? 'An undeclared reseller one of whose customers works through a curated list of tasks.',
        wouldSettle: doubt
          ? ['The list that these prompts come from, or end-user pseudonyms that show who asks them.']
          : [
              'End-user pseudonyms: an honest reseller can show which customer asks these prompts.',
              'A randomised delay: if one hand steers the accounts, load moves to those not delayed.',
            ],
      };
    });
}

/** Why the demand e-value of a pool cannot carry the word campaign, or null. */
function demandDoubt(pool: Pool, replay: Replay): string | null {
  const component = decisive(pool);
  const { demand } = component;
  if (demand.largestAccountShare > MAX_ACCOUNT_SHARE)
    return 'Most of the list-like requests come from a few accounts, which may be customers with lists of their own.';
  if (demand.benchmarkShare > MAX_BENCHMARK_SHARE)
    return 'The list-like requests are a known public benchmark.';
  if (strongIntentShare(demand) >= STRONG_INTENT) return null;
  const { surprise, limit } = replay.references.get(pool.number)!.novelty(demand.topics, pool.memberSet);
  if (surprise > limit)
    return 'The list-like requests are about things that no other customer asks of, and say nothing of training; an honest curated list would look the same.';
  return null;
}

function decisive(pool: Pool): ComponentUnderTest {
  return pool.components.reduce((a, b) => (b.demand.logE > a.demand.logE ? b : a));
}

const RANK: Record<FindingKind, number> = { 'distillation-campaign': 2, insufficient: 1, 'hidden-pool': 0 };

/**
 * Verdicts about the same accounts are one finding. The gravest verdict with most evidence for what it says speaks first;
 * later ones join it when at least half of their accounts are its accounts.
 */
function groupByAccounts(verdicts: readonly Verdict[]): Verdict[][] {
  const evidence = ({ pool, kind }: Verdict): number => {
    const last = pool.trace.at(-1)!;
    return kind === 'hidden-pool' ? last.logCoordination : last.logBoth;
  };
  const groups: Verdict[][] = [];
  for (const verdict of [...verdicts].sort(
    (a, b) => RANK[b.kind] - RANK[a.kind] || evidence(b) - evidence(a),
  )) {
    const { members } = verdict.pool.proposal;
    const group = groups.find((g) => shareInside(members, g[0]!.pool.proposal.members) >= SAME_ACCOUNTS);
    if (group) group.push(verdict);
    else groups.push([verdict]);
  }
  return groups;
}

/**
 * The accounts of a finding with their strengths: the speaking pool's, and those of pools in the group that are nearly
 * the same pool seen on other days (four fifths of the smaller in common, at most 1.6 times as large).
 */
function accountsOf(group: readonly Verdict[]): Map<number, number> {
  const { members } = group[0]!.pool.proposal;
  const accounts = new Map<number, number>();
  for (const { pool } of group) {
    const other = pool.proposal.members;
    const same =
      shareInside(other, members) >= NEARLY_SAME ||
      (shareInside(members, other) >= NEARLY_SAME && other.length <= MOST_GROWTH * members.length);
    if (!same) continue;
    for (let m = 0; m < other.length; m++)
      accounts.set(
        other[m]!,
        Math.max(accounts.get(other[m]!) ?? Number.NEGATIVE_INFINITY, pool.proposal.strength[m]!),
      );
  }
  return accounts;
}

async function describe(
  reader: TelemetryReader,
  replay: Replay,
  group: readonly Verdict[],
): Promise<Finding> {
  const chosen = group[0]!;
  const { pool } = chosen;
  const { population, window } = replay;
  const alarmAtMs = Math.min(...group.filter((v) => v.kind === chosen.kind).map((v) => v.alarmAtMs));
  const activity = await reader.accountActivity(window);
  const before =
    alarmAtMs > window.fromMs
      ? await reader.accountActivity({ fromMs: window.fromMs, toMs: alarmAtMs })
      : null;
  const evidence: Evidence = {
    pool,
    population,
    window,
    activity,
    members: await reader.sampleExchanges({ ...window, accounts: pool.memberHashes, limit: SAMPLE_ROWS }),
    everybody: await reader.sampleExchanges({ ...window, limit: SAMPLE_ROWS }),
    reference: replay.references.get(pool.number)!,
  };
  const rowOf = new Map(Array.from(activity.account, (hash, row) => [hash, row]));
  const accounts = accountsOf(group);
  const members = [...accounts].map(([a, strength]) => {
    const row = rowOf.get(population.account[a]!);
    return {
      accountId: population.accountId[a]!,
      strength,
      exchanges: row === undefined ? 0 : activity.exchanges[row]!,
      firstAtMs: row === undefined ? window.toMs : activity.firstMs[row]!,
    };
  });
  const total = members.reduce((sum, m) => sum + m.exchanges, 0);
  let leaked = 0;
  const hashes = new Set(population.hashes([...accounts.keys()]));
  before?.account.forEach((hash, row) => {
    if (hashes.has(hash)) leaked += before.exchanges[row]!;
  });
  const demand = pool.components.length && chosen.kind !== 'hidden-pool' ? decisive(pool).demand : null;
  const { logCoordination, logDemand } = pool.trace.at(-1)!;
  return {
    id: findingId(
      window,
      members.map((m) => m.accountId),
    ),
    kind: chosen.kind,
    members,
    firstExchangeAtMs: Math.min(...members.map((m) => m.firstAtMs)),
    firstAlarmAtMs: alarmAtMs,
    exchangesBeforeAlarm: leaked,
    exchangesAfterAlarm: total - leaked,
    sought: demand
      ? SOUGHT.map((name) => ({ capability: name.toLowerCase(), share: demand.intentShare(name) })).filter(
          (s) => s.share >= 0.01,
        )
      : [],
    log10ECoordination: logCoordination / Math.LN10,
    log10EDemand: logDemand / Math.LN10,
    signals: signals.map((signal) => signal.measure(evidence)).filter((result) => result !== null),
    innocentExplanation: chosen.because,
    wouldSettle: [...chosen.wouldSettle],
    proposedBy: [...new Set(group.map((v) => v.pool.proposal.by))],
    proposedAtMs: Math.min(...group.map((v) => v.pool.proposedAtMs)),
  };
}

/** Depends only on the window and the accounts, so equal runs give equal ids. */
function findingId(window: TimeWindow, accountIds: readonly string[]): string {
  const text = canonicalJson({ fromMs: window.fromMs, toMs: window.toMs, accounts: [...accountIds].sort() });
  return `finding-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
