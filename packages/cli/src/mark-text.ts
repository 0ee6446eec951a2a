import { shortenText, showInvisible } from '@phalanx/core';
import type { Attribution, DetectionReport, RowAttribution } from '@phalanx/watermark';
import { formatCount, formatEffect, formatLog10, formatPlural } from './figures.js';
import type { TextRow } from './text-rows.js';

const NAME_CHARS = 48;
const SHOWN_ROWS = 40;
const EXCERPT_CHARS = 60;

/** A detection for a terminal. */
export function writeDetection(report: DetectionReport, rows: readonly TextRow[]): string {
  const { scored, repeated, unscored, excess, decoys, alpha, each } = report;
  let out = `${writeVerdict(report.log10P, alpha)}  log10 p ${formatLog10(report.log10P)}  excess ${formatEffect(excess)}\n`;
  out += `  ${formatPlural(report.texts, 'text')}: ${formatCount(scored)} tokens scored, ${formatCount(repeated)} repeated, ${formatCount(unscored)} left out\n`;
  if (report.unread > 0)
    out += `  CAUTION: ${formatPlural(report.unread, 'text')} could not be read with this vocabulary and counted for nothing\n`;
  out += `  null: ${report.null}\n  holds if: ${report.assumption}\n`;
  out += `  key ${report.keyId}, ${report.dialect}\n`;
  if (decoys !== null)
    out += decoys.calibrated
      ? `  ${decoys.tried} unused keys on the same tokens: ${decoys.atMost1Percent} at p <= 0.01, as they should\n`
      : `  CAUTION: ${decoys.atMost1Percent} of ${decoys.tried} unused keys have p <= 0.01 on these tokens: do not rely on p\n`;
  if (each.length > 0) out += `\n${writeEach(report, rows)}`;
  return out;
}

function writeEach({ each, alpha }: DetectionReport, rows: readonly TextRow[]): string {
  const level = Math.log10(alpha);
  const order = each.map((_, i) => i).sort((a, b) => each[a]!.log10AdjustedP - each[b]!.log10AdjustedP);
  const found = order.filter((i) => each[i]!.log10AdjustedP <= level).length;
  let out = `${formatPlural(found, 'text')} of ${formatCount(each.length)} marked at alpha ${alpha} for all of them (Holm)\n`;
  for (const i of order.slice(0, SHOWN_ROWS)) {
    const { unread, log10P, log10AdjustedP, scored, repaired, spans = [] } = each[i]!;
    out += `${log10AdjustedP <= level ? '* ' : '  '}${nameRow(rows[i]!)}  log10 p ${formatLog10(log10P)}, adjusted ${formatLog10(log10AdjustedP)}, ${formatPlural(scored, 'token')}${repaired > 0 ? `, ${formatPlural(repaired, 'altered character')} undone` : ''}${unread === undefined ? '' : `, not read: ${unread}`}\n`;
    for (const { tokens, characters, log10P: log10SpanP } of spans)
      out += `    tokens ${tokens[0]} to ${tokens[1]}, log10 p ${formatLog10(log10SpanP)}${characters === null || repaired > 0 ? '' : `: ${shortenText(rows[i]!.text.slice(...characters), EXCERPT_CHARS)}`}\n`;
  }
  if (order.length > SHOWN_ROWS)
    out += `  and ${formatCount(order.length - SHOWN_ROWS)} more: --json lists all\n`;
  return out;
}

/** Whose key it was, for a terminal. */
export function writeAttribution({ verdicts, tried, scored, alpha, logGap }: Attribution): string {
  const named = verdicts.filter((verdict) => verdict.named);
  let out = `${named.length === 0 ? 'nobody named' : `${formatPlural(named.length, 'account')} named`} among ${formatCount(tried)}, ${formatPlural(scored, 'token')} scored, alpha ${alpha} for all of them (Holm)\n`;
  for (const { id, logP, logAdjustedP, excess, named: isNamed } of verdicts)
    out += `${isNamed ? '* ' : '  '}${showInvisible(id)}  log10 p ${formatLog10(logP / Math.LN10)}, adjusted ${formatLog10(logAdjustedP / Math.LN10)}, excess ${formatEffect(excess)}\n`;
  if (verdicts.length > 1)
    out += `  first and second differ by a factor of 10^${formatLog10(logGap / Math.LN10)}\n`;
  return `${out}${CAVEAT}`;
}

/** Whose keys single texts depend on, for a terminal. */
export function writeRowAttribution(
  { named, keys, tried, alpha }: RowAttribution,
  rows: readonly TextRow[],
): string {
  let out = `${formatPlural(named.length, 'text')} of ${formatCount(rows.length)} named, ${formatPlural(tried, 'test')}, alpha ${alpha} for all of them (Holm)\n`;
  for (const { id, rows: count } of keys.slice(0, SHOWN_ROWS))
    out += `* ${showInvisible(id)}  ${formatPlural(count, 'text')}\n`;
  for (const { row, id, logP, logAdjustedP } of named.slice(0, SHOWN_ROWS))
    out += `    ${nameRow(rows[row]!)}  ${showInvisible(id)}  log10 p ${formatLog10(logP / Math.LN10)}, adjusted ${formatLog10(logAdjustedP / Math.LN10)}\n`;
  if (named.length > SHOWN_ROWS)
    out += `    and ${formatCount(named.length - SHOWN_ROWS)} more: --json lists all\n`;
  return `${out}${CAVEAT}`;
}

const CAVEAT = `  null of each: this account's key has nothing to do with how these tokens were chosen
  says on which key the texts depend, not who passed them on
`;

function writeVerdict(log10P: number, alpha: number): string {
  return log10P <= Math.log10(alpha) ? 'MARKED' : 'no mark found';
}

function nameRow({ file, line }: TextRow): string {
  return shortenText(line === null ? file : `${file}:${line}`, NAME_CHARS);
}
