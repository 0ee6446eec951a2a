import { shortenText, showInvisible } from '@phalanx/core';
import {
  type AuditGroup,
  type AuditReport,
  MEMBER_NAMES,
  type Selection,
  TRIAGE_NOTICE,
  type TriageModel,
  type TriageResult,
} from '@phalanx/triage';
import { formatCount, formatPlural, formatShare } from './figures.js';
import type { TextRow } from './text-rows.js';

const NAME_CHARS = 48;

/** Ranks of texts for a terminal, one a line; those to look at first are marked. Triage, never evidence. */
export function writeTriage(
  rows: readonly TextRow[],
  results: readonly TriageResult[],
  selection: Selection | null,
): string {
  const selected = new Set(selection?.selected);
  let out = `${TRIAGE_NOTICE}\n\n`;
  results.forEach((result, i) => {
    const { file, line } = rows[i]!;
    const name = shortenText(line === null ? file : `${file}:${line}`, NAME_CHARS);
    out += `${selected.has(i) ? '* ' : '  '}${name}  ${writeOutcome(result)}${writeOddities(result)}\n`;
  });
  const ranked = results.filter(({ outcome }) => outcome === 'ranked').length;
  out += `\n${formatPlural(results.length, 'text')}, ${formatCount(ranked)} ranked, ${formatCount(results.length - ranked)} without an answer\n`;
  if (selection !== null)
    out += `* ${formatPlural(selection.selected.length, 'text')} of ${formatCount(selection.tried)} to look at first\n`;
  return out;
}

function writeOutcome(result: TriageResult): string {
  if (result.outcome === 'abstained')
    return `no answer: ${result.reason}, ${formatPlural(result.words, 'word')}`;
  const { atLeast, of } = result.rank;
  return `p = ${((atLeast + 1) / (of + 1)).toPrecision(2)}: ${formatCount(atLeast)} of ${formatPlural(of, 'human text')} rank as high`;
}

function writeOddities({ repairs, truncated, known }: TriageResult): string {
  const odd: string[] = [];
  if (repairs.homoglyphs > 0) odd.push(formatPlural(repairs.homoglyphs, 'homoglyph'));
  if (repairs.invisible > 0) odd.push(formatPlural(repairs.invisible, 'invisible character'));
  if (repairs.exoticSpaces > 0) odd.push(formatPlural(repairs.exoticSpaces, 'exotic space'));
  if (repairs.spaceRuns > 0) odd.push(formatPlural(repairs.spaceRuns, 'run of spaces', 'runs of spaces'));
  if (truncated) odd.push('its end was not read');
  if (known) odd.push('the model was made of it, so this says nothing');
  return odd.length === 0 ? '' : ` (${odd.join(', ')})`;
}

/** What a model was made of, for a terminal. */
export function writeModelSummary(
  { kind, corpus, categories, minWords }: TriageModel,
  sha256: string,
): string {
  const areas = [...MEMBER_NAMES, 'stack' as const].map(
    (name) => `${name} ${corpus.crossFittedAuroc[name].toFixed(3)}`,
  );
  let out = `${TRIAGE_NOTICE}\n\n`;
  out += `kind         ${kind}, from ${minWords} ${kind === 'code' ? 'tokens' : 'words'}\n`;
  out += `learned      ${formatPlural(corpus.human, 'human text')}, ${formatCount(corpus.machine)} of machines\n`;
  out += `left out     ${formatCount(corpus.tooShort)} too short, ${formatCount(corpus.heldBack)} of machines in groups held back\n`;
  for (const { name, scores } of categories)
    out += `calibrated   ${showInvisible(name)}: ${formatPlural(scores.length, 'text')}, p from ${(1 / (scores.length + 1)).toPrecision(2)}\n`;
  out += `told apart   ${areas.join(', ')}\n             (area under the curve, cross-fitted; for texts like these only)\n`;
  return `${out}sha256       ${sha256}\n`;
}

/** An audit for a terminal. Triage, never evidence. */
export function writeAudit(human: AuditReport, machine: AuditReport | null): string {
  let out = `${TRIAGE_NOTICE}\n\nHuman texts flagged, which is wrong\n${writeGroups(human)}`;
  if (machine !== null) out += `\nMachine texts flagged, which is right\n${writeGroups(machine)}`;
  out += `\n${formatPlural(human.tried, 'comparison')}; 95 % intervals each by itself (Clopper-Pearson)\n`;
  for (const group of human.excessive)
    out += `flagged too often, after Holm's correction: ${shortenText(group, NAME_CHARS)}\n`;
  return out;
}

function writeGroups({ groups, lowestP }: AuditReport): string {
  return groups.map((group) => writeGroup(group, lowestP)).join('');
}

function writeGroup({ group, texts, scored, known, abstained, rates }: AuditGroup, lowestP: number): string {
  const { 'unlike-corpus': unlike = 0, ...others } = abstained;
  const without = Object.entries(others).map(([reason, count]) => `${formatCount(count)} ${reason}`);
  if (known > 0) without.push(`${formatCount(known)} that the model was made of`);
  const left = without.length === 0 ? '' : `; not ${without.join(', ')}`;
  const strange =
    unlike === 0 ? '' : `, ${formatCount(unlike)} of these unlike the corpus and so not flagged`;
  let out = `  ${shortenText(group, NAME_CHARS)}: ${formatCount(scored)} of ${formatPlural(texts, 'text')}${strange}${left}\n`;
  if (scored > 0)
    for (const { level, flagged, rate, interval } of rates)
      out +=
        level < lowestP
          ? `    p <= ${level}: out of reach of so few calibration texts\n`
          : `    p <= ${level}: ${formatCount(flagged)}, ${formatShare(rate)} (${formatShare(interval.lower)} to ${formatShare(interval.upper)})\n`;
  return out;
}
