import type { FindingKind } from '@phalanx/domain';
import type { CaseFile } from './case-file.js';
import { formatPlural } from './figures.js';

const CONSISTENT: Record<FindingKind, string> = {
  'hidden-pool': 'one operator behind them all',
  'distillation-campaign': 'one operator collecting training data for another model',
  insufficient: 'one operator behind them all; what they asked could not be judged',
};

const CLAIMS: Record<FindingKind, string> = {
  'hidden-pool':
    'Coordination: accounts that were registered as strangers act as one. There is not enough evidence about what they collect.',
  'distillation-campaign':
    'Two things, tested apart. Coordination: accounts that were registered as strangers act as one. Demand: a part of what they ask is shaped like the making of training data. Both must hold; the weaker of the two counts.',
  insufficient:
    'Coordination: accounts that were registered as strangers act as one. Whether what they ask is shaped like the making of training data stays open.',
};

/** The claim as a heading: conduct, and what it is consistent with. */
export function stateClaim(file: CaseFile): string {
  const { members, kind } = file.finding;
  const who = formatPlural(members.length, 'account');
  return `What ${who} did is consistent with ${CONSISTENT[kind]}`;
}

/** What exactly is claimed. */
export function explainClaim(file: CaseFile): string {
  return CLAIMS[file.finding.kind];
}

/** What the report leaves to others. */
export const NOT_CLAIMED =
  'This report describes conduct. It does not say who the operator is, what anyone intended, or that a law or a contract was broken. It gives no probability that a person did wrong.';

/**
 * log10 of an e-value that suffices for a pool by itself, whatever the others say: 2 M / alpha for M pools examined, half
 * of alpha going to each of the two claims. With k findings e-BH asks for k times less (Wang and Ramdas 2022).
 */
export function sufficientLog10E(file: CaseFile): number {
  return Math.log10((2 * Math.max(1, file.detection.poolsExamined)) / file.detection.alpha);
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

/** A capability in plain words; one that is not known here, as it is. */
export function nameCapability(capability: string): string {
  return Object.hasOwn(CAPABILITIES, capability) ? CAPABILITIES[capability]! : capability;
}
