import type { DetectionReport, Finding } from '@phalanx/domain';
import { formatCount, formatInstant, formatPlural } from './figures.js';
import { nameKind } from './finding-sentence.js';

/** Findings about mostly the same accounts: this Jaccard index or more. */
const SAME_FINDING = 0.5;

/** Two runs on the same history, finding by finding. */
export interface ShadowComparison {
  readonly both: readonly FindingPair[];
  readonly onlyCurrent: readonly Finding[];
  readonly onlyShadow: readonly Finding[];
}

export interface FindingPair {
  readonly current: Finding;
  readonly shadow: Finding;
  /** Positive: the shadow alarms later. */
  readonly alarmDelayMs: number;
  /** Accounts that only one of the two names. */
  readonly onlyCurrentMembers: readonly string[];
  readonly onlyShadowMembers: readonly string[];
}

/** Pairs findings whose accounts mostly agree (Jaccard >= 0.5), best match first, each used once. */
export function compareReports(current: DetectionReport, shadow: DetectionReport): ShadowComparison {
  const candidates = current.findings
    .flatMap((a) => shadow.findings.map((b) => ({ a, b, score: jaccard(a, b) })))
    .filter(({ score }) => score >= SAME_FINDING)
    .sort((p, q) => q.score - p.score);
  const taken = new Set<Finding>();
  const both: FindingPair[] = [];
  for (const { a, b } of candidates) {
    if (taken.has(a) || taken.has(b)) continue;
    taken.add(a).add(b);
    both.push({
      current: a,
      shadow: b,
      alarmDelayMs: b.firstAlarmAtMs - a.firstAlarmAtMs,
      onlyCurrentMembers: without(a, b),
      onlyShadowMembers: without(b, a),
    });
  }
  return {
    both,
    onlyCurrent: current.findings.filter((finding) => !taken.has(finding)),
    onlyShadow: shadow.findings.filter((finding) => !taken.has(finding)),
  };
}

/** The comparison for a terminal. */
export function writeComparison(comparison: ShadowComparison): string {
  const list = (title: string, findings: readonly Finding[]) =>
    `${title}: ${findings.length === 0 ? 'none' : ''}\n${findings
      .map(
        (f) =>
          `  ${nameKind(f.kind)}, ${formatPlural(f.members.length, 'account')}, alarm ${formatInstant(f.firstAlarmAtMs)}\n`,
      )
      .join('')}`;
  let out = `In both: ${comparison.both.length === 0 ? 'none' : ''}\n`;
  for (const pair of comparison.both) {
    const { current, shadow } = pair;
    const kind =
      current.kind === shadow.kind
        ? nameKind(current.kind)
        : `${nameKind(current.kind)} → ${nameKind(shadow.kind)}`;
    out += `  ${kind}, ${formatCount(current.members.length)} → ${formatPlural(shadow.members.length, 'account')}`;
    out += ` (−${formatCount(pair.onlyCurrentMembers.length)} +${formatCount(pair.onlyShadowMembers.length)})`;
    out += `, alarm ${formatInstant(current.firstAlarmAtMs)} → ${formatInstant(shadow.firstAlarmAtMs)}\n`;
  }
  return (
    out +
    list('Only with the current settings', comparison.onlyCurrent) +
    list('Only with the shadow settings', comparison.onlyShadow)
  );
}

function jaccard(a: Finding, b: Finding): number {
  const common = a.members.length - without(a, b).length;
  return common / Math.max(1, a.members.length + b.members.length - common);
}

function without(a: Finding, b: Finding): string[] {
  const other = new Set(b.members.map((member) => member.accountId));
  return a.members.map((member) => member.accountId).filter((id) => !other.has(id));
}
