import type { DetectionReport, Finding, FindingKind } from '@phalanx/domain';
import { formatCount, formatPlural, formatShare } from './figures.js';

const NAMES: Record<FindingKind, string> = {
  'hidden-pool': 'Hidden pool',
  'distillation-campaign': 'Distillation campaign',
  insufficient: 'Hidden pool, demand not judged',
};

/** A finding's kind as a heading. */
export function nameKind(kind: FindingKind): string {
  return NAMES[kind];
}

/** The finding in one sentence for somebody who has never seen an e-value. States conduct, not intent. */
export function summariseFinding(finding: Finding): string {
  const strangers = `${formatPlural(finding.members.length, 'account')} that claim to be strangers act as one`;
  switch (finding.kind) {
    case 'hidden-pool':
      return `${strangers}. There is not enough evidence that they collect training data.`;
    case 'insufficient':
      return `${strangers}. What they ask could not be judged yet.`;
    case 'distillation-campaign': {
      const share = findDemandShare(finding);
      const part = share === null ? 'part' : formatShare(share);
      const sought = listSought(finding);
      return `${strangers}; ${part} of what they ask is shaped like training data${sought === '' ? '' : `, mostly ${sought}`}.`;
    }
  }
}

/** What the pool's behaviour is consistent with, never a verdict. */
export function describeConsistency(kind: FindingKind): string {
  switch (kind) {
    case 'hidden-pool':
      return 'Consistent with one operator behind many accounts: an undeclared reseller, a relay, or a pool kept for later use.';
    case 'distillation-campaign':
      return 'Consistent with one operator collecting training data for another model through accounts that look unrelated.';
    case 'insufficient':
      return 'Consistent with one operator behind many accounts. Whether the demand is training-shaped stays open.';
  }
}

/**
 * Share of the pool's exchanges in its training-shaped part, in [0, 1], when a demand signal gives one: the strongest
 * demand signal whose effect is a share of exchanges. Null when none does.
 */
export function findDemandShare(finding: Finding): number | null {
  const shares = finding.signals
    .filter(
      (signal) =>
        signal.family === 'demand' && /\bshare of (?:the pool's )?exchanges\b/.test(signal.effect.unit),
    )
    .sort((a, b) => (b.log10E ?? 0) - (a.log10E ?? 0));
  const value = shares[0]?.effect.value;
  return value !== undefined && value >= 0 && value <= 1 ? value : null;
}

const CAPABILITIES: Readonly<Record<string, string>> = {
  reasoning: 'written-out reasoning',
  rubric: 'grading by a rubric',
  pairwise: 'preference judgements',
  synthesis: 'generated tasks and examples',
  rewrite: 'rewritten text',
  tools: 'tool use',
  directive: 'instructions carried out',
  problem: 'problems with a checkable answer',
};

/** A capability's name in plain words; unknown ones as they are. */
export function nameCapability(capability: string): string {
  return CAPABILITIES[capability] ?? capability;
}

/** The capabilities that at least a fifth of the training-shaped part asks for, two at most; empty when there is none. */
export function listSought(finding: Finding): string {
  return [...finding.sought]
    .filter((part) => part.share >= 0.2)
    .sort((a, b) => b.share - a.share)
    .slice(0, 2)
    .map((part) => `${nameCapability(part.capability)} (${formatShare(part.share)})`)
    .join(' and ');
}

/**
 * log10 of an e-value that is enough whatever the other pools say: M pools, half of alpha for each of the two claims
 * (hidden pool, campaign), so 2 M / alpha. With k findings e-BH asks for k times less (Wang and Ramdas 2022).
 */
export function sufficientLog10E(report: DetectionReport): number {
  return Math.log10((2 * Math.max(1, report.poolsExamined)) / report.alpha);
}

/** What the error bound means, in words; the same sentence in the terminal and on the page. */
export function explainAlpha(report: DetectionReport): string {
  return (
    `${formatPlural(report.poolsExamined, 'pool')} examined, every one counted. At alpha = ${report.alpha}, among the findings ` +
    `reported at most ${formatShare(report.alpha)} are expected to be false, if the assumptions named with each signal hold. ` +
    'It is not a probability that an account did wrong.'
  );
}

/** Overall sentence: how many findings, or that there are none. */
export function summariseReport(report: DetectionReport): string {
  const scope = `${formatPlural(report.accounts, 'account')} and ${formatPlural(report.exchanges, 'exchange')}`;
  if (report.findings.length === 0) return `Nothing to report in ${scope}.`;
  const accounts = new Set(report.findings.flatMap((finding) => finding.members.map((m) => m.accountId)))
    .size;
  return `${formatPlural(report.findings.length, 'finding')} about ${formatCount(accounts)} of ${scope}.`;
}
