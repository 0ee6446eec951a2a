import {
  type HeldIndicator,
  TRUST_REASONS,
  type TraceReport,
  type Transition,
} from '@phalanx/coalition/trust';
import { showInvisible } from '@phalanx/core';
import { formatCount, formatInstant, formatShare } from './figures.js';

/** Indicators, one a line. */
export function writeIndicators(held: readonly HeldIndicator[]): string {
  const line = (id: string, member: string, state: string, reason: string) =>
    `${id.padEnd(47)}  ${member.padEnd(16)}  ${state.padEnd(12)}  ${reason}\n`;
  return held.reduce(
    (out, { id, member, state, reason, decision }) =>
      out +
      line(
        id,
        showInvisible(member),
        state,
        decision === null ? reason : `${reason}; ${decision.choice} by ${showInvisible(decision.by)}`,
      ),
    line('indicator', 'of', 'state', 'why'),
  );
}

/** One indicator with the last replay, condition by condition, and every change of its state. */
export function writeIndicator(held: HeldIndicator, transitions: readonly Transition[]): string {
  const { id, member, state, reason, report, decision } = held;
  const head = `${id}\n  of ${showInvisible(member)}, ${state}: ${TRUST_REASONS[reason]}\n`;
  const replay =
    report === null
      ? '  not replayed yet\n'
      : `  replayed ${formatInstant(report.atMs)} over ${formatCount(report.population.accounts)} accounts, ` +
        `${formatCount(report.population.good)} known to be good, ${formatCount(report.population.suspected)} under own suspicion\n` +
        report.traces.map(writeTrace).join('') +
        (report.disputedBy.length === 0
          ? ''
          : `  disputed by ${report.disputedBy.map(showInvisible).join(', ')}\n`);
  const decided =
    decision === null
      ? ''
      : `  ${decision.choice} by ${showInvisible(decision.by)}, ${formatInstant(decision.atMs)}, on own findings: ${decision.findings.join(', ') || 'none'}\n`;
  const history = transitions.map(
    ({ atMs, from, to, reason: why, by }) =>
      `    ${formatInstant(atMs)}  ${from ?? '-'} -> ${to} (${why}${by === null ? '' : ` by ${showInvisible(by)}`})\n`,
  );
  return `${head}${replay}${decided}  changes\n${history.join('')}`;
}

function writeTrace({
  traceKey,
  hits,
  failed,
  labs,
  falsePositiveBound,
  suspectedBound,
}: TraceReport): string {
  const name = traceKey.length > 60 ? `${traceKey.slice(0, 57)}...` : traceKey;
  const seen =
    hits === null
      ? 'cannot be looked for here'
      : `${formatCount(hits.accounts)} accounts: ${formatCount(hits.good)} good, ${formatCount(hits.suspected)} suspected`;
  const bounds =
    falsePositiveBound === null || suspectedBound === null
      ? ''
      : `; hits at most ${formatShare(falsePositiveBound)} of honest tenants, at least ${formatShare(suspectedBound)} of those hit are suspected (95 %)`;
  const why =
    failed.length === 0 ? 'every condition holds' : failed.map((one) => TRUST_REASONS[one]).join('; ');
  const others = labs.length === 0 ? 'no lab' : labs.map(showInvisible).join(', ');
  return `  ${showInvisible(name)}\n    ${seen}${bounds}\n    counted as seen by ${others}\n    ${why}\n`;
}
