import { createHash } from 'node:crypto';
import { canonicalJson } from '@phalanx/core';
import type {
  AccountActivity,
  DetectionReport,
  ExchangeSample,
  Finding,
  FindingKind,
  InterventionRecord,
  TelemetryReader,
  TimeWindow,
} from '@phalanx/domain';
import { SOUGHT } from './demand/component.js';
import { shareInside } from './links/proposal.js';
import type { DetectOptions } from './options.js';
import type { Pool } from './pool.js';
import type { Replay } from './replay.js';
import { signals } from './signals/index.js';
import { choosePeers } from './signals/peers.js';
import type { Evidence } from './signals/signal.js';
import { reachVerdicts, type Verdict } from './verdicts.js';

/**
 * Findings about the same accounts are told once: when this share of a pool was told of already. A hidden pool needs less,
 * since a fifth of its accounts under one hand can carry the whole of its evidence, and the rest would be accused with them.
 */
const SAME_ACCOUNTS: Readonly<Record<FindingKind, number>> = {
  'distillation-campaign': 0.5,
  insufficient: 0.5,
  'hidden-pool': 0.2,
};
const NEARLY_SAME = 0.8;
const MOST_GROWTH = 2.5;
const SAMPLE_ROWS = 20_000;

/** Draws findings from a replay: verdicts about the same accounts are told as one. */
export async function drawFindings(
  reader: TelemetryReader,
  replay: Replay,
  options: DetectOptions,
): Promise<Pick<DetectionReport, 'findings' | 'evidence'>> {
  const { window } = replay;
  const activity = await reader.accountActivity(window);
  const sampleOf = remember((pool: Pool) => sampleAccounts(reader, window, activity, pool.memberHashes));
  const groups = groupByAccounts(await reachVerdicts(replay, options, sampleOf));
  if (groups.length === 0) return { findings: [], evidence: [] };
  const seen: Seen = {
    activity,
    sampleOf,
    activityUntil: remember((toMs: number) => reader.accountActivity({ fromMs: window.fromMs, toMs })),
    everybody: await sampleAccounts(reader, window, activity, null),
    interventions: await reader.interventions(),
  };
  const findings: Finding[] = [];
  const evidence: DetectionReport['evidence'] = [];
  for (const group of groups) {
    const finding = await describe(reader, replay, group, seen);
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

const RANK: Record<FindingKind, number> = { 'distillation-campaign': 2, insufficient: 1, 'hidden-pool': 0 };

/**
 * Verdicts about the same accounts are one finding. The gravest verdict with most evidence for what it says speaks first;
 * a later one that tells of too few new accounts joins the finding that told of most of its accounts.
 */
function groupByAccounts(verdicts: readonly Verdict[]): Verdict[][] {
  const evidence = ({ pool, kind }: Verdict): number => {
    const last = pool.trace.at(-1)!;
    return kind === 'hidden-pool' ? last.logCoordination : last.logBoth;
  };
  const groups: Verdict[][] = [];
  const told = new Map<number, Verdict[]>();
  for (const verdict of [...verdicts].sort(
    (a, b) => RANK[b.kind] - RANK[a.kind] || evidence(b) - evidence(a),
  )) {
    const { members } = verdict.pool.proposal;
    const overlap = new Map<Verdict[], number>();
    for (const account of members) {
      const group = told.get(account);
      if (group) overlap.set(group, (overlap.get(group) ?? 0) + 1);
    }
    const known = [...overlap.values()].reduce((sum, n) => sum + n, 0);
    let group: Verdict[];
    if (known >= SAME_ACCOUNTS[verdict.kind] * members.length) {
      group = [...overlap].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
      group.push(verdict);
      if (!isListedWith(verdict, group[0]!)) continue;
    } else {
      group = [verdict];
      groups.push(group);
    }
    for (const account of members) if (!told.has(account)) told.set(account, group);
  }
  return groups;
}

/** Whether two pools are nearly the same, seen on other days: four fifths of the smaller in common, at most 2.5 times as large. */
function isListedWith(verdict: Verdict, speaking: Verdict): boolean {
  const { members } = speaking.pool.proposal;
  const other = verdict.pool.proposal.members;
  return (
    shareInside(other, members) >= NEARLY_SAME ||
    (shareInside(members, other) >= NEARLY_SAME && other.length <= MOST_GROWTH * members.length)
  );
}

/** The accounts of a finding with their strengths: the speaking pool's, and those of pools that are listed with it. */
function accountsOf(group: readonly Verdict[]): Map<number, number> {
  const accounts = new Map<number, number>();
  for (const verdict of group) {
    if (!isListedWith(verdict, group[0]!)) continue;
    const { pool } = verdict;
    const other = pool.proposal.members;
    for (let m = 0; m < other.length; m++)
      accounts.set(
        other[m]!,
        Math.max(accounts.get(other[m]!) ?? Number.NEGATIVE_INFINITY, pool.proposal.strength[m]!),
      );
  }
  return accounts;
}

/** Asks once for each key, since an answer reads the whole window. */
function remember<K, V>(ask: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const known = new Map<K, Promise<V>>();
  return (key) => {
    const answer = known.get(key) ?? ask(key);
    known.set(key, answer);
    return answer;
  };
}

/** What every finding is described with. */
interface Seen {
  readonly sampleOf: (pool: Pool) => Promise<ExchangeSample>;
  readonly activityUntil: (toMs: number) => Promise<AccountActivity>;
  readonly activity: AccountActivity;
  readonly everybody: ExchangeSample;
  readonly interventions: readonly InterventionRecord[];
}

/** A sample of about `SAMPLE_ROWS` exchanges of these accounts, or of everybody (null). */
function sampleAccounts(
  reader: TelemetryReader,
  window: TimeWindow,
  activity: AccountActivity,
  accounts: BigUint64Array | null,
): Promise<ExchangeSample> {
  const wanted = accounts && new Set(accounts);
  let total = 0;
  activity.account.forEach((account, row) => {
    if (!wanted || wanted.has(account)) total += activity.exchanges[row]!;
  });
  const share = Math.min(1, SAMPLE_ROWS / Math.max(1, total));
  const draw = accounts ? { accounts, share } : { share };
  return reader.sampleExchanges({ ...window, draws: [draw], minhash: accounts !== null });
}

async function describe(
  reader: TelemetryReader,
  replay: Replay,
  group: readonly Verdict[],
  { activity, activityUntil, everybody, interventions, sampleOf }: Seen,
): Promise<Finding> {
  const chosen = group[0]!;
  const { pool } = chosen;
  const { population, window } = replay;
  const alarmAtMs = Math.min(...group.map((v) => v.alarmAtMs));
  const sameKind = group.filter(({ kind }) => kind === chosen.kind);
  const before = alarmAtMs > window.fromMs ? await activityUntil(alarmAtMs) : null;
  const peers = choosePeers(pool, activity);
  const evidence: Evidence = {
    pool,
    population,
    window,
    activity,
    members: await sampleOf(pool),
    everybody,
    peers,
    peerSample: await sampleAccounts(reader, window, activity, peers?.account ?? new BigUint64Array(0)),
    decisive: chosen.decisive.map(({ chosen }) => chosen.component),
    interventions,
    reference: pool.reference,
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
    kindAlarmAtMs: Math.min(...sameKind.map((v) => v.kindAlarmAtMs)),
    exchangesBeforeAlarm: leaked,
    exchangesAfterAlarm: total - leaked,
    sought: soughtBy(chosen.decisive),
    log10ECoordination: logCoordination / Math.LN10,
    log10EDemand: logDemand / Math.LN10,
    signals: signals.map((signal) => signal.measure(evidence)).filter((result) => result !== null),
    innocentExplanation: chosen.because,
    wouldSettle: [...chosen.wouldSettle],
    proposedBy: [...new Set(group.map((v) => v.pool.proposal.by))],
    proposedAtMs: Math.min(...group.map((v) => v.pool.proposedAtMs)),
  };
}

/** Capabilities that at least 1 % of the decisive requests ask for in words. */
function soughtBy(decisive: Verdict['decisive']): Finding['sought'] {
  const seen = decisive.reduce((sum, { demand }) => sum + demand.seen, 0);
  return SOUGHT.map((name) => ({
    capability: name.toLowerCase(),
    share: decisive.reduce((sum, { demand }) => sum + demand.intentShare(name) * demand.seen, 0) / seen,
  })).filter(({ share }) => share >= 0.01);
}

/** Depends only on the window and the accounts, so equal runs give equal ids. */
function findingId(window: TimeWindow, accountIds: readonly string[]): string {
  const text = canonicalJson({ fromMs: window.fromMs, toMs: window.toMs, accounts: [...accountIds].sort() });
  return `finding-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
