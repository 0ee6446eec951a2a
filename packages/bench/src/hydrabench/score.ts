import type { DetectionReport, FindingKind } from '@phalanx/domain';
import { RowFlag, type World } from '@phalanx/testing';

/** Half of a pool must be in a finding, and half of the finding be the pool's, for the finding to be about the pool. */
const HALF = 0.5;

/** An accusation by any detector, ours or a baseline: accounts by their number in the world. */
export interface Accusation {
  readonly kind: FindingKind;
  readonly members: readonly number[];
  /** First as anything, and first as `kind`. */
  readonly alarmAtMs: number;
  readonly kindAlarmAtMs: number;
  readonly proposedBy: string;
  readonly log10ECoordination: number;
  readonly log10EDemand: number;
}

/** What came of one pool under one hand: a campaign (class A1..A10) or an undeclared reseller. */
export interface PoolOutcome {
  readonly name: string;
  readonly class: string;
  readonly campaign: boolean;
  readonly accounts: number;
  /** Found by a finding of any kind. */
  readonly found: boolean;
  /** Named a distillation campaign: right for a campaign, a false campaign for a reseller. */
  readonly named: boolean;
  /** Found, but only as `insufficient`. */
  readonly insufficient: boolean;
  /** Share of its accounts in findings about it. */
  readonly accountShare: number;
  readonly attackExchanges: number;
  /** Share of its attack exchanges sent before the first finding about it, of any kind; 1 when never, 0 attack: NaN. */
  readonly leakedBeforeAlarm: number;
  /** The same before it was named a campaign. */
  readonly leakedBeforeName: number;
  /** Days from the start of the world to the first alarm and to the name; null when never. */
  readonly alarmDay: number | null;
  readonly namedDay: number | null;
}

/** Accounts of one class of honest customers, and how many of them stood in findings. */
export interface ClassOutcome {
  readonly class: string;
  readonly accounts: number;
  /** In a finding of any kind that is not made of a pool of theirs. */
  readonly accused: number;
  /** In a finding that says distillation campaign. */
  readonly accusedOfCampaign: number;
}

export interface Score {
  readonly pools: readonly PoolOutcome[];
  readonly classes: readonly ClassOutcome[];
  /** Findings that no pool makes up half of, by kind; a campaign finding about a reseller counts as false campaign. */
  readonly falseHiddenPools: number;
  readonly falseCampaigns: number;
  readonly falseInsufficient: number;
  /** Findings made of a pool by half that hold less than half of it: no falsehood, and no finding of the pool. */
  readonly fragments: number;
  /** Honest tenants (organisations, or accounts without one) times days / 30. */
  readonly tenantMonths: number;
  /** B-cubed over accounts in findings (Bagga and Baldwin 1998); NaN without findings. */
  readonly bCubedPrecision: number;
  /** B-cubed recall over pool accounts in findings; NaN without any. */
  readonly bCubedRecall: number;
}

/** Reads a report as accusations about accounts of this world. */
export function readAccusations(world: World, report: DetectionReport): Accusation[] {
  const number = new Map(world.accounts.map(({ accountId }, i) => [accountId, i]));
  return report.findings.map((finding) => ({
    kind: finding.kind,
    members: finding.members.map(({ accountId }) => number.get(accountId)!),
    alarmAtMs: finding.firstAlarmAtMs,
    kindAlarmAtMs: finding.kindAlarmAtMs ?? finding.firstAlarmAtMs,
    proposedBy: finding.proposedBy.join(' + '),
    log10ECoordination: finding.log10ECoordination,
    log10EDemand: finding.log10EDemand,
  }));
}

/** Whether accounts of this label class belong to a thief. The simulator's `attacker` flag also marks list customers. */
export function isCampaignClass(labelClass: string): boolean {
  return /^A\d+$/.test(labelClass);
}

/** Compares accusations with the labels of the world they were made in. */
export function scoreAccusations(world: World, accusations: readonly Accusation[]): Score {
  const pools = groupPools(world);
  // The pools that make up half of a finding, and among them those half of which it holds.
  const madeOf = accusations.map(({ members }) => {
    const counts = new Map<string, number>();
    for (const a of members) {
      const { campaign } = world.labels[a]!;
      if (pools.has(campaign)) counts.set(campaign, (counts.get(campaign) ?? 0) + 1);
    }
    return [...counts].filter(([, n]) => n >= HALF * members.length).map(([name, n]) => ({ name, n }));
  });
  const about = madeOf.map((parts) =>
    parts.filter(({ name, n }) => n >= HALF * pools.get(name)!.members.length).map(({ name }) => name),
  );
  const outcomes = [...pools].map(([name, pool]) => {
    const its = accusations.filter((_, i) => about[i]!.includes(name));
    return describePool(world, name, pool, its);
  });
  const isJustified = (i: number, campaign: boolean): boolean =>
    madeOf[i]!.some(({ name }) => !campaign || pools.get(name)!.campaign);
  const count = (kind: FindingKind): number =>
    accusations.filter((a, i) => a.kind === kind && !isJustified(i, kind === 'distillation-campaign')).length;
  return {
    pools: outcomes,
    classes: scoreClasses(world, pools, accusations, madeOf),
    falseHiddenPools: count('hidden-pool'),
    falseCampaigns: count('distillation-campaign'),
    falseInsufficient: count('insufficient'),
    fragments: madeOf.filter((parts, i) => parts.length > 0 && about[i]!.length === 0).length,
    tenantMonths: (countTenants(world, pools) * world.days) / 30,
    ...scoreBCubed(world, pools, accusations),
  };
}

interface TruePool {
  readonly class: string;
  readonly campaign: boolean;
  readonly members: readonly number[];
}

function groupPools(world: World): Map<string, TruePool> {
  const pools = new Map<string, { class: string; campaign: boolean; members: number[] }>();
  world.labels.forEach(({ campaign, class: labelClass }, account) => {
    if (campaign === '') return;
    let pool = pools.get(campaign);
    if (pool === undefined)
      pools.set(campaign, (pool = { class: labelClass, campaign: isCampaignClass(labelClass), members: [] }));
    pool.members.push(account);
  });
  return pools;
}

function describePool(world: World, name: string, pool: TruePool, its: readonly Accusation[]): PoolOutcome {
  const naming = its.filter(({ kind }) => kind === 'distillation-campaign');
  const member = new Set(pool.members);
  const inFindings = new Set(its.flatMap(({ members }) => members.filter((a) => member.has(a))));
  const alarm = Math.min(...its.map(({ alarmAtMs }) => alarmAtMs));
  const name_ = Math.min(...naming.map(({ kindAlarmAtMs }) => kindAlarmAtMs));
  let attack = 0;
  let beforeAlarm = 0;
  let beforeName = 0;
  const { account, flags, offsetMs } = world.columns;
  if (pool.campaign)
    for (let row = 0; row < world.size; row++) {
      if ((flags[row]! & RowFlag.ATTACK) === 0 || !member.has(account[row]!)) continue;
      attack++;
      if (world.startMs + offsetMs[row]! < alarm) beforeAlarm++;
      if (world.startMs + offsetMs[row]! < name_) beforeName++;
    }
  const day = (atMs: number): number | null =>
    Number.isFinite(atMs) ? (atMs - world.startMs) / 86_400_000 : null;
  return {
    name,
    class: pool.class,
    campaign: pool.campaign,
    accounts: pool.members.length,
    found: its.length > 0,
    named: naming.length > 0,
    insufficient:
      its.some(({ kind }) => kind === 'insufficient') &&
      its.every(({ kind }) => kind !== 'distillation-campaign'),
    accountShare: inFindings.size / pool.members.length,
    attackExchanges: attack,
    leakedBeforeAlarm: beforeAlarm / attack,
    leakedBeforeName: beforeName / attack,
    alarmDay: day(alarm),
    namedDay: day(name_),
  };
}

function scoreClasses(
  world: World,
  pools: ReadonlyMap<string, TruePool>,
  accusations: readonly Accusation[],
  madeOf: readonly (readonly { readonly name: string }[])[],
): ClassOutcome[] {
  const accused = new Set<number>();
  const accusedOfCampaign = new Set<number>();
  accusations.forEach(({ kind, members }, i) => {
    for (const a of members) {
      const { campaign } = world.labels[a]!;
      const pool = pools.get(campaign);
      if (pool?.campaign) continue;
      if (kind === 'distillation-campaign') accusedOfCampaign.add(a);
      if (!madeOf[i]!.some(({ name }) => name === campaign)) accused.add(a);
    }
  });
  const classes = new Map<string, { accounts: number; accused: number; accusedOfCampaign: number }>();
  world.labels.forEach(({ class: name, campaign }, a) => {
    if (pools.get(campaign)?.campaign) return;
    let row = classes.get(name);
    if (row === undefined) classes.set(name, (row = { accounts: 0, accused: 0, accusedOfCampaign: 0 }));
    row.accounts++;
    if (accused.has(a)) row.accused++;
    if (accusedOfCampaign.has(a)) row.accusedOfCampaign++;
  });
  return [...classes].map(([name, row]) => ({ class: name, ...row }));
}

function countTenants(world: World, pools: ReadonlyMap<string, TruePool>): number {
  const tenants = new Set<string>();
  world.accounts.forEach(({ accountId, organisationId }, a) => {
    if (!pools.get(world.labels[a]!.campaign)?.campaign) tenants.add(organisationId ?? accountId);
  });
  return tenants.size;
}

/** An honest account is a cluster of its own in truth; an account in several findings counts with the first. */
function scoreBCubed(
  world: World,
  pools: ReadonlyMap<string, TruePool>,
  accusations: readonly Accusation[],
): Pick<Score, 'bCubedPrecision' | 'bCubedRecall'> {
  let precision = 0;
  let found = 0;
  let recall = 0;
  let foundOfPools = 0;
  const seen = new Set<number>();
  for (const { members } of accusations) {
    const own = members.filter((a) => !seen.has(a));
    for (const a of own) seen.add(a);
    const together = new Map<string, number>();
    for (const a of own) {
      const { campaign } = world.labels[a]!;
      if (campaign !== '') together.set(campaign, (together.get(campaign) ?? 0) + 1);
    }
    for (const a of own) {
      const { campaign } = world.labels[a]!;
      const same = campaign === '' ? 1 : together.get(campaign)!;
      precision += same / own.length;
      found++;
      if (campaign === '') continue;
      recall += same / pools.get(campaign)!.members.length;
      foundOfPools++;
    }
  }
  return { bCubedPrecision: precision / found, bCubedRecall: recall / foundOfPools };
}
