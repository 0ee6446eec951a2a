import { type HtmlValue, html, type Markup, shortenText } from '@phalanx/core';
import type { DetectionReport, Finding, SignalResult } from '@phalanx/domain';
import {
  formatCount,
  formatDuration,
  formatEffect,
  formatInstant,
  formatLog10,
  formatShare,
} from '../figures.js';
import {
  describeConsistency,
  nameCapability,
  nameKind,
  sufficientLog10E,
  summariseFinding,
} from '../finding-sentence.js';
import { drawAccounts, explainAccounts, tabulateAccounts } from './account-groups.js';
import { drawSignals, sortSignals, tabulateSignals } from './signal-chart.js';
import { drawTimeline, selectSlots, tabulateTimeline } from './timeline-chart.js';

const WIDE = 860;
const NARROW = 332;
const MEMBERS_SHOWN = 200;

/** Everything about one finding. `number` counts from 1 and makes ids unique within the page. */
export function renderFinding(report: DetectionReport, finding: Finding, number: number): Markup {
  const id = `finding-${number}`;
  const enough = sufficientLog10E(report);
  const toAlarm = finding.firstAlarmAtMs - finding.firstExchangeAtMs;
  return html`<section class="finding" id="${id}" aria-labelledby="${id}-title">
<p class="eyebrow">Finding ${number} of ${report.findings.length} · ${nameKind(finding.kind)} · <span class="id">${shortenText(finding.id, 40)}</span></p>
<h2 id="${id}-title">${summariseFinding(finding)}</h2>
<dl class="figures">
${figure('Accounts', formatCount(finding.members.length))}
${figure('Exchanges before the alarm', formatCount(finding.exchangesBeforeAlarm))}
${figure('Exchanges after it', formatCount(finding.exchangesAfterAlarm))}
${figure('From first exchange to alarm', formatDuration(toAlarm))}
${finding.kindAlarmAtMs !== undefined && finding.kindAlarmAtMs > finding.firstAlarmAtMs ? figure(`From first exchange to ${nameKind(finding.kind).toLowerCase()}`, formatDuration(finding.kindAlarmAtMs - finding.firstExchangeAtMs)) : ''}
</dl>
<div class="readings">
<div class="reading"><h3>What it looks like</h3>
<p>${describeConsistency(finding.kind)}</p>
<ul>${finding.signals
    .filter((signal) => signal.log10E !== null && signal.log10E > 0)
    .sort((a, b) => (b.log10E ?? 0) - (a.log10E ?? 0))
    .slice(0, 4)
    .map((signal) => html`<li>${signal.sentence}</li>`)}</ul></div>
<div class="reading"><h3>The plainest innocent explanation</h3>
<p>${finding.innocentExplanation}</p>
${finding.wouldSettle.length === 0 ? null : html`<p class="lead-in">What would settle it</p><ul>${finding.wouldSettle.map((what) => html`<li>${what}</li>`)}</ul>`}
</div></div>
${renderChart(
  id,
  'timeline',
  'When the evidence came',
  html`<span class="legend"><span class="key key-coordination">coordination</span> <span class="key key-demand">demand</span>
<span class="key key-needed">enough on its own</span> <span class="key key-before">exchanges before the alarm</span> <span class="key key-after">after</span></span>
${
  alarmPrecedesSeries(report, finding) &&
  'The alarm came from an earlier proposal about mostly the same accounts; the lines are of the pool reported here, which was proposed later.'
}`,
  (width, key) => drawTimeline(report, finding, width, key),
  tabulateTimeline(report, finding),
)}
${renderChart(
  id,
  'signals',
  'Where it came from',
  html`The dotted line is what is enough for a whole pool (${formatLog10(enough)}); a single signal need not reach it. 0 says nothing, below 0 speaks for innocence.`,
  (width) => drawSignals(finding, enough, width),
  tabulateSignals(finding),
)}
${renderSignals(finding, id)}
${renderSought(finding)}
${renderChart(id, 'accounts', 'Who', explainAccounts(finding), (width) => drawAccounts(finding, width), tabulateAccounts(finding))}
${renderMembers(finding, id)}
<h3>How the pool was put together</h3>
<p>Proposed ${formatInstant(finding.proposedAtMs)}. A proposal is not evidence; the tests above used other exchanges.</p>
<ul>${finding.proposedBy.map((link) => html`<li>${link}</li>`)}</ul>
</section>`;
}

/** A report may date the alarm by one pool and draw the evidence of another that overlaps it. */
function alarmPrecedesSeries(report: DetectionReport, finding: Finding): boolean {
  const first = selectSlots(report, finding)[0];
  return first !== undefined && finding.firstAlarmAtMs <= first.fromMs;
}

function figure(name: string, value: string): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function renderChart(
  id: string,
  name: string,
  title: string,
  note: HtmlValue,
  draw: (width: number, key: string) => Markup | null,
  table: Markup,
): Markup | null {
  const wide = draw(WIDE, `${id}-${name}-wide`);
  if (wide === null) return null;
  return html`<figure aria-labelledby="${id}-${name}"><figcaption><h3 id="${id}-${name}">${title}</h3><p>${note}</p></figcaption>
<div class="wide">${wide}</div><div class="narrow">${draw(NARROW, `${id}-${name}-narrow`)}</div>
<details><summary>Table: ${title.toLowerCase()}</summary><div class="scroll" tabindex="0" role="region" aria-label="Table: ${title.toLowerCase()}">${table}</div></details></figure>`;
}

function renderSignals(finding: Finding, id: string): Markup {
  return html`<h3 id="${id}-reasons">Each signal, for and against</h3>
${sortSignals(finding).map(
  (group) => html`<h4>${group.title}</h4>
${group.signals.map(renderSignal)}`,
)}`;
}

function renderSignal(signal: SignalResult): Markup {
  const { effect } = signal;
  const value = signal.log10E === null ? 'context' : `log10 e ${formatLog10(signal.log10E)}`;
  return html`<details class="signal"><summary><span class="signal-sentence">${signal.sentence}</span> <span class="signal-value">${value}</span></summary>
<dl>
<dt>Signal</dt><dd><span class="id">${signal.signal}</span>${signal.atlas === null ? null : html` · MITRE ATLAS <span class="id">${signal.atlas}</span>`}</dd>
<dt>Effect</dt><dd>${effect.name}: ${formatEffect(effect.value)} ${effect.unit}${effect.reference === null ? null : html`, against ${formatEffect(effect.reference)} in the reference`}</dd>
<dt>Tested against</dt><dd>${signal.nullHypothesis}</dd>
<dt>Innocent explanation</dt><dd>${signal.innocentExplanation}</dd>
<dt>Refuted by</dt><dd>${signal.refutedBy}</dd>
</dl></details>`;
}

function renderSought(finding: Finding): Markup | null {
  if (finding.sought.length === 0) return null;
  return html`<h3>What was asked for</h3>
<p>Shares of the training-shaped part. One request may ask for several things.</p>
<table class="plain"><thead><tr><th scope="col">Capability</th><th scope="col" class="figure">Share</th></tr></thead>
<tbody>${[...finding.sought]
    .sort((a, b) => b.share - a.share)
    .map(
      (part) =>
        html`<tr><th scope="row">${nameCapability(part.capability)}</th><td class="figure">${formatShare(part.share)}</td></tr>`,
    )}</tbody></table>`;
}

function renderMembers(finding: Finding, id: string): Markup {
  const members = [...finding.members].sort((a, b) => b.strength - a.strength);
  const rest = members.length - MEMBERS_SHOWN;
  return html`<details class="members"><summary>The ${formatCount(members.length)} accounts</summary>
<p>Tie: log10 likelihood ratio of belonging to the pool; it is not evidence of wrong.${rest > 0 ? ` The ${MEMBERS_SHOWN} strongest ties are shown; ${formatCount(rest)} more are in the JSON report.` : ''}</p>
<p class="filter" hidden><label for="${id}-filter">Filter accounts</label> <input id="${id}-filter" type="search" autocomplete="off" spellcheck="false"></p>
<div class="scroll" tabindex="0" role="region" aria-label="Accounts of finding ${id.replace('finding-', '')}"><table id="${id}-members"><thead><tr><th scope="col">Account</th><th scope="col" class="figure">Tie</th>
<th scope="col" class="figure">Exchanges</th><th scope="col">First exchange</th></tr></thead>
<tbody>${members.slice(0, MEMBERS_SHOWN).map(
    (
      member,
    ) => html`<tr><th scope="row"><bdi class="id" title="${shortenText(member.accountId, 512)}">${shortenText(member.accountId, 64)}</bdi></th>
<td class="figure">${formatLog10(member.strength)}</td><td class="figure">${formatCount(member.exchanges)}</td><td>${formatInstant(member.firstAtMs)}</td></tr>`,
  )}</tbody></table></div></details>`;
}
