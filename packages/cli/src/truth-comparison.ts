import type { DetectionReport } from '@phalanx/domain';
import { formatCount, formatShare } from './figures.js';

/** Ground truth of one simulated account. */
export interface TruthLabel {
  readonly accountId: string;
  readonly class: string;
  readonly attacker: boolean;
}

/** How a report on simulated traffic compares with what was simulated. Accounts, not exchanges. */
export interface TruthComparison {
  readonly attackers: number;
  /** Accounts named by findings of kind `distillation-campaign`. */
  readonly named: number;
  readonly correct: number;
  /** correct / attackers; null without attackers. */
  readonly recall: number | null;
  /** correct / named; null when nothing was named. */
  readonly precision: number | null;
}

/** Compares the accounts of all campaigns in a report with the labels. Other kinds of finding claim no theft. */
export function compareWithTruth(report: DetectionReport, labels: readonly TruthLabel[]): TruthComparison {
  const attackers = new Set(labels.filter((label) => label.attacker).map((label) => label.accountId));
  const named = new Set(
    report.findings
      .filter((finding) => finding.kind === 'distillation-campaign')
      .flatMap((finding) => finding.members.map((member) => member.accountId)),
  );
  const correct = [...named].filter((id) => attackers.has(id)).length;
  return {
    attackers: attackers.size,
    named: named.size,
    correct,
    recall: attackers.size === 0 ? null : correct / attackers.size,
    precision: named.size === 0 ? null : correct / named.size,
  };
}

/** The comparison in one sentence. */
export function writeTruth(truth: TruthComparison): string {
  const share = (value: number | null) => (value === null ? '–' : formatShare(value));
  return (
    `Simulated attackers: ${formatCount(truth.attackers)} accounts. Named as a campaign: ${formatCount(truth.named)}, of which ` +
    `${formatCount(truth.correct)} rightly. Recall ${share(truth.recall)}, precision ${share(truth.precision)}. One simulated world; not a measurement of your traffic.`
  );
}
