import { type HtmlValue, html, renderHtmlPage } from '@phalanx/core';
import type { DigestSpan, RegulatorView } from './regulator-view.js';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; } .bad { color: var(--bad); font-weight: 600; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1rem 0; }
.tile { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { background: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; }
code { font-size: .85em; }
`;

/** The view as one HTML file that asks nothing of any network. */
export function renderRegulatorPage(view: RegulatorView): string {
  const { totals } = view;
  return renderHtmlPage({
    title: `Receipts of ${view.lab}`,
    style: STYLE,
    body: html`<main>
<h1>Receipts of ${view.lab}</h1>
<p>Read from ${countOf(view.statements, 'statement')} of its log${
      view.firstIndex === null ? '' : `, entries ${view.firstIndex} to ${view.lastIndex}`
    }. Receipts hold salted digests: no indicator can be read from them or confirmed by them.</p>
${tellFaults(view)}
<div class="tiles">
${tile(totals.released, 'released')}${tile(totals.held, 'held for a person')}${tile(totals.refused, 'refused')}${tile(totals.objectsReleased, 'objects released')}${tile(view.receipts.hub + view.receipts.recipient, 'receipts of what came in')}${tile(view.retractions, 'retractions')}${tile(view.erasures.objects, 'objects erased')}
</div>
<h2>By month and category</h2>
${table(
  ['Month', 'Category', '#Released', '#Held', '#Refused'],
  view.months.map(({ month, category, released, held, refused }) => [
    month,
    category,
    released,
    held,
    refused,
  ]),
  'No decision yet.',
)}
<h2>Why things stayed</h2>
${table(
  ['Reason', '#Decisions'],
  view.reasons.map(({ code, decisions }) => [code, decisions]),
  'Nothing stayed.',
)}
<h2>To whom</h2>
${table(
  ['Recipient', '#Releases'],
  view.recipients.map(({ recipient, releases }) => [recipient, releases]),
  'To nobody.',
)}
<h2>Policies</h2>
${spans(view.policies)}
<h2>Legal bases</h2>
${spans(view.legalBases)}
</main>`,
  });
}

function tellFaults({ missing, repeated, irregular }: RegulatorView): HtmlValue {
  const faults = [
    ...missing.map(({ first, last }) =>
      first === last
        ? `Receipt ${first} is missing from the log.`
        : `Receipts ${first} to ${last} are missing from the log.`,
    ),
    ...repeated.map((sequence) => `Two receipts have the number ${sequence}.`),
    ...irregular.map(
      (sequence) => `Receipt ${sequence} was released without two approvals or without a legal basis.`,
    ),
  ];
  return faults.length === 0
    ? html`<p>The numbers of its receipts have no gap; every release names two approvals and a legal basis.</p>`
    : faults.map((fault) => html`<p class="bad">${fault}</p>`);
}

function tile(count: number, what: string): HtmlValue {
  return html`<div class="tile"><b>${formatNumber(count)}</b>${what}</div>`;
}

function table(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  empty: string,
): HtmlValue {
  if (rows.length === 0) return html`<p>${empty}</p>`;
  const head = heads.map((name) =>
    name.startsWith('#')
      ? html`<th class="n" scope="col">${name.slice(1)}</th>`
      : html`<th scope="col">${name}</th>`,
  );
  const body = rows.map(
    (row) =>
      html`<tr>${row.map((cell) => (typeof cell === 'number' ? html`<td class="n">${formatNumber(cell)}</td>` : html`<td>${cell}</td>`))}</tr>`,
  );
  return html`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function spans(list: readonly DigestSpan[]): HtmlValue {
  const rows = list.map(({ sha256, firstAtMs, lastAtMs, releases }) => [
    sha256,
    new Date(firstAtMs).toISOString().slice(0, 10),
    new Date(lastAtMs).toISOString().slice(0, 10),
    releases,
  ]);
  return table(['SHA-256', 'First used', 'Last used', '#Decisions'], rows, 'None.');
}

function formatNumber(value: number): string {
  return value.toLocaleString('en-US');
}

function countOf(count: number, what: string): string {
  return `${formatNumber(count)} ${what}${count === 1 ? '' : 's'}`;
}
