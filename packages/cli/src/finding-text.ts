import { shortenText, showInvisible } from '@phalanx/core';
import type { DetectionReport, Finding } from '@phalanx/domain';
import { formatCount, formatDuration, formatInstant, formatLog10, formatShare } from './figures.js';
import {
  describeConsistency,
  explainAlpha,
  nameCapability,
  nameKind,
  sufficientLog10E,
  summariseFinding,
  summariseReport,
} from './finding-sentence.js';
import { selectSlots } from './report-page/timeline-chart.js';
import { type Paint, wrapText } from './terminal.js';

const ACCOUNTS_SHOWN = 5;

/** How to set the text: characters a line (40 or more make sense) and colour. */
export interface TextLayout {
  readonly columns: number;
  readonly paint: Paint;
}

/** A whole report for a terminal: summary, findings, error bound, what was set aside, blind spots. */
export function writeReport(report: DetectionReport, layout: TextLayout): string {
  const { paint } = layout;
  let out = `${paint.bold(summariseReport(report))}\n`;
  out += paint.dim(`${formatInstant(report.window.fromMs)} to ${formatInstant(report.window.toMs)}\n`);
  for (const [i, finding] of report.findings.entries()) out += `\n${writeFinding(finding, i + 1, layout)}`;
  out += `\n${paint.bold('How sure is this')}\n${para(explainAlpha(report), layout)}`;
  if (report.setAside.length > 0) {
    out += `\n${paint.bold('Set aside, and why')}\n`;
    for (const [reason, pools] of groupReasons(report))
      out += item(
        `${formatCount(pools.length)} × ${reason} (${pools.map(formatCount).slice(0, 5).join(', ')}${pools.length > 5 ? ', …' : ''} accounts)`,
        layout,
      );
  }
  out += `\n${paint.bold('What this cannot see')}\n`;
  for (const spot of report.blindSpots) out += item(spot, layout);
  return out;
}

/** One finding: what, who, when, each signal in a plain sentence, the innocent explanation, what would settle it. */
export function writeFinding(finding: Finding, number: number, layout: TextLayout): string {
  const { paint } = layout;
  let out = `${paint.bold(`Finding ${number}: ${nameKind(finding.kind)}`)}  ${paint.dim(showInvisible(finding.id))}\n`;
  out += para(summariseFinding(finding), layout) + para(describeConsistency(finding.kind), layout);
  const strongest = [...finding.members].sort((a, b) => b.strength - a.strength).slice(0, ACCOUNTS_SHOWN);
  const more = finding.members.length - strongest.length;
  out += `\n  Accounts   ${strongest.map((m) => shortenText(m.accountId, 24)).join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}\n`;
  out += `  Alarm      ${formatInstant(finding.firstAlarmAtMs)}, ${formatDuration(finding.firstAlarmAtMs - finding.firstExchangeAtMs)} after the first exchange\n`;
  if (finding.kindAlarmAtMs !== undefined && finding.kindAlarmAtMs > finding.firstAlarmAtMs)
    out += `  Since      ${formatInstant(finding.kindAlarmAtMs)} ${nameKind(finding.kind).toLowerCase()}, a hidden pool before\n`;
  out += `  Exchanges  ${formatCount(finding.exchangesBeforeAlarm)} before the alarm, ${formatCount(finding.exchangesAfterAlarm)} after\n`;
  out += `  Evidence   log10 e ${formatLog10(finding.log10ECoordination)} coordination, ${formatLog10(finding.log10EDemand)} demand\n`;
  if (finding.sought.length > 0)
    out += `  Sought     ${finding.sought.map((part) => `${nameCapability(showInvisible(part.capability))} ${formatShare(part.share)}`).join(', ')}\n`;
  const evidence = finding.signals.filter((signal) => signal.log10E !== null);
  const context = finding.signals.filter((signal) => signal.log10E === null);
  out += `\n  ${paint.bold('Why')}\n`;
  for (const { sentence, signal, log10E } of evidence)
    out += item(
      `${showInvisible(sentence)} [${showInvisible(signal)}, log10 e ${formatLog10(log10E!)}]`,
      layout,
      '  ',
    );
  if (context.length > 0) out += `\n  ${paint.bold('Looked at too, and not counted')}\n`;
  for (const { sentence, signal } of context)
    out += item(`${showInvisible(sentence)} [${showInvisible(signal)}]`, layout, '  ');
  out += `\n  ${paint.bold('The plainest innocent explanation')}\n${para(showInvisible(finding.innocentExplanation), layout)}`;
  out += `\n  ${paint.bold('What would settle or refute it')}\n`;
  const refuted = finding.signals
    .filter((signal) => signal.log10E !== null && signal.log10E > 0)
    .map((s) => s.refutedBy);
  for (const what of new Set([...finding.wouldSettle, ...refuted]))
    out += item(showInvisible(what), layout, '  ');
  return out;
}

/** The evidence of each finding slot by slot, with the slot in which the alarm would have come. */
export function writeTimeline(report: DetectionReport, layout: TextLayout): string {
  const enough = sufficientLog10E(report);
  let out = `${layout.paint.bold('Timeline')}  ${layout.paint.dim(`enough on its own: log10 e ${formatLog10(enough)}`)}\n`;
  for (const [i, finding] of report.findings.entries()) {
    out += `\n  Finding ${i + 1}, ${nameKind(finding.kind)}\n`;
    out += `  ${'slot ends'.padEnd(20)}  ${'coordination'.padStart(12)}  ${'demand'.padStart(8)}\n`;
    for (const slot of selectSlots(report, finding)) {
      const alarm =
        slot.fromMs < finding.firstAlarmAtMs && finding.firstAlarmAtMs <= slot.toMs ? '  alarm' : '';
      out += `  ${formatInstant(slot.toMs).padEnd(20)}  ${formatLog10(slot.log10ECoordination).padStart(12)}  ${formatLog10(slot.log10EDemand).padStart(8)}${alarm}\n`;
    }
  }
  if (report.findings.length === 0) out += '  No alarm would have come.\n';
  return out;
}

function groupReasons(report: DetectionReport): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const { accounts, reason } of report.setAside) {
    const shown = showInvisible(reason);
    groups.set(shown, [...(groups.get(shown) ?? []), accounts]);
  }
  return groups;
}

function para(text: string, layout: TextLayout): string {
  return wrapText(text, Math.min(layout.columns, 100), '  ');
}

function item(text: string, layout: TextLayout, indent = ''): string {
  return wrapText(text, Math.min(layout.columns, 100), `${indent}- `, `${indent}  `);
}
