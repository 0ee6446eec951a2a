import { html, type Markup, renderHtmlPage } from '@phalanx/core';
import type { DetectionReport } from '@phalanx/domain';
import { formatCount, formatDay, formatDuration, formatLog10, formatPlural } from '../figures.js';
import {
  explainAlpha,
  nameKind,
  sufficientLog10E,
  summariseFinding,
  summariseReport,
} from '../finding-sentence.js';
import { renderFinding } from './finding-section.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

/**
 * A detection report as one HTML file: no request to any network, no font, image or script from elsewhere; readable
 * without JavaScript, on paper, in the dark and from 320 CSS pixels. Every string of the report is escaped and its
 * invisible characters spelt out; the content security policy admits only this file's own style and script, by hash.
 * The report itself is not included, so the page holds account ids of the first 200 members of each finding only.
 */
export function renderReportPage(report: DetectionReport): string {
  const body = html`<a class="skip" href="#main">Skip to the findings</a>
${renderMasthead(report)}
<main id="main">
${renderSummary(report)}
${report.findings.map((finding, i) => renderFinding(report, finding, i + 1))}
${renderCertainty(report)}
${renderSetAside(report)}
${renderBlindSpots(report)}
${renderConfiguration(report)}
</main>
<footer><p>Phalanx detection report, ${report.schema}. Made in ${formatDuration(report.seconds * 1000)}. Contains account identifiers: handle it as you handle customer data.</p></footer>`;
  return renderHtmlPage({
    title: `${summariseReport(report)} Phalanx detection report`,
    style: STYLE,
    script: SCRIPT,
    body,
  });
}

function renderMasthead(report: DetectionReport): Markup {
  return html`<header><p class="mark">Phalanx</p>
<p class="window">${formatDay(report.window.fromMs)} to ${formatDay(report.window.toMs - 1)}</p>
<nav aria-label="Sections"><ul>
${report.findings.length > 0 ? html`<li><a href="#finding-1">Findings</a></li>` : null}
<li><a href="#certainty">How sure</a></li><li><a href="#set-aside">Set aside</a></li><li><a href="#blind-spots">Not seen</a></li>
</ul></nav></header>`;
}

function renderSummary(report: DetectionReport): Markup {
  return html`<section class="summary" aria-labelledby="summary-title">
<h1 id="summary-title">${summariseReport(report)}</h1>
${
  report.findings.length === 0
    ? html`<p class="sentence">No pool of accounts gave enough evidence at alpha = ${report.alpha}. Silence is bounded by what this run could see: see <a href="#blind-spots">what this cannot see</a>.</p>`
    : html`<ol class="sentences">${report.findings.map(
        (finding, i) => html`<li><a class="sentence" href="#finding-${i + 1}">${summariseFinding(finding)}</a>
<p class="meta">${nameKind(finding.kind)}. Alarm ${formatDay(finding.firstAlarmAtMs)}, after ${formatPlural(finding.exchangesBeforeAlarm, 'exchange')}; ${formatCount(finding.exchangesAfterAlarm)} since.</p></li>`,
      )}</ol>
<p class="caution">These sentences describe conduct, not intent, and accuse nobody. Each finding below gives the plainest innocent explanation beside the evidence, and what would settle the matter.</p>`
}
</section>`;
}

function renderCertainty(report: DetectionReport): Markup {
  const enough = sufficientLog10E(report);
  return html`<section id="certainty" aria-labelledby="certainty-title"><h2 id="certainty-title">How sure is this</h2>
<dl class="figures">
<div><dt>Pools examined</dt><dd>${formatCount(report.poolsExamined)}</dd></div>
<div><dt>Alpha</dt><dd>${report.alpha}</dd></div>
<div><dt>Enough on its own, log10 e</dt><dd>${formatLog10(enough)}</dd></div>
</dl>
<p>${explainAlpha(report)}</p>
<p>An e-value is the return on a bet against the innocent explanation: if that explanation is true, no betting rule used here grows money on average, so 1,000 units from 1 happens at most once in 1,000. Log10 counts the zeros. Coordination and demand are separate bets; a distillation campaign needs both, so the weaker one counts.</p></section>`;
}

function renderSetAside(report: DetectionReport): Markup {
  return html`<section id="set-aside" aria-labelledby="set-aside-title"><h2 id="set-aside-title">Set aside, and why</h2>
${
  report.setAside.length === 0
    ? html`<p>No pool was set aside.</p>`
    : html`<p>Pools that looked alike enough to examine and were not reported, so that silence can be checked.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Pools set aside"><table><thead><tr><th scope="col" class="figure">Accounts</th><th scope="col">Reason</th></tr></thead>
<tbody>${report.setAside.slice(0, 200).map((pool) => html`<tr><td class="figure">${formatCount(pool.accounts)}</td><td>${pool.reason}</td></tr>`)}</tbody></table></div>
${report.setAside.length > 200 ? html`<p>${formatCount(report.setAside.length - 200)} more are in the JSON report.</p>` : null}`
}</section>`;
}

function renderBlindSpots(report: DetectionReport): Markup {
  return html`<section id="blind-spots" aria-labelledby="blind-spots-title"><h2 id="blind-spots-title">What this cannot see</h2>
${
  report.blindSpots.length === 0
    ? html`<p>The run named no blind spot.</p>`
    : html`<ul>${report.blindSpots.map((spot) => html`<li>${spot}</li>`)}</ul>`
}</section>`;
}

function renderConfiguration(report: DetectionReport): Markup {
  const rows = Object.entries(report.configuration);
  return html`<section id="configuration" aria-labelledby="configuration-title"><h2 id="configuration-title">Configuration</h2>
<details><summary>${formatPlural(rows.length, 'setting')} of this run</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Configuration"><table class="plain"><thead><tr><th scope="col">Setting</th><th scope="col">Value</th></tr></thead>
<tbody>${rows.map(([key, value]) => html`<tr><th scope="row" class="id">${key}</th><td class="id">${String(value)}</td></tr>`)}</tbody></table></div></details></section>`;
}
