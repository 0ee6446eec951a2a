import { type HtmlValue, html, type Markup, renderHtmlPage, trustMarkup } from '@phalanx/core';
import { renderSvg } from './drawing-svg.js';
import type { Block, ReportDocument, Run, Runs, Section, Table } from './report-document.js';
import { STYLE } from './style.js';

const WIDE = 860;
const NARROW = 332;

/**
 * A document as one HTML file: no script, no request to any network, readable on paper and from 320 CSS pixels. Its
 * content security policy admits its own style sheet, by hash, and nothing else. The first section's title is the h1.
 */
export function renderHtml(document: ReportDocument): string {
  const body = html`<a class="skip" href="#${document.sections[0]?.id ?? 'main'}">Skip to the report</a>
<header><p>${document.eyebrow}</p>
<nav aria-label="Sections"><ul>
${document.sections.slice(1).map((section) => html`<li><a href="#${section.id}">${section.title}</a></li>\n`)}</ul></nav></header>
<main id="main">
${document.sections.map((section, i) => renderSection(section, i === 0))}
</main>
<footer><p>${document.footer}</p></footer>`;
  return renderHtmlPage({ title: document.title, style: STYLE, body });
}

function renderSection(section: Section, first: boolean): Markup {
  const title = first
    ? html`<h1 id="${section.id}-title">${section.title}</h1>`
    : html`<h2 id="${section.id}-title">${section.title}</h2>`;
  return html`<section id="${section.id}" aria-labelledby="${section.id}-title">
${title}
${section.blocks.map((block, i) => renderBlock(block, `${section.id}-${i}`, first ? 2 : 3))}
</section>
`;
}

/** `key` makes ids unique within the page; `rank` is that of headings, which look alike under an h1 and an h2. */
function renderBlock(block: Block, key: string, rank: 2 | 3): Markup {
  switch (block.kind) {
    case 'paragraph':
      return block.tone === undefined
        ? html`<p>${renderRuns(block.runs)}</p>\n`
        : html`<p class="${block.tone}">${renderRuns(block.runs)}</p>\n`;
    case 'heading':
      return html`${renderHeading(block.text, rank, null)}\n`;
    case 'list': {
      const items = block.items.map((item) => html`<li>${renderRuns(item)}</li>\n`);
      return block.ordered ? html`<ol>\n${items}</ol>\n` : html`<ul>\n${items}</ul>\n`;
    }
    case 'figures':
      return html`<dl class="figures">
${block.items.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>\n`;
    case 'terms':
      return html`<dl class="terms">
${block.items.map(({ term, is }) => html`<dt>${term}</dt><dd>${renderRuns(is)}</dd>\n`)}</dl>\n`;
    case 'commands':
      return html`<pre><code>${block.lines.map((line, i) => html`${i === 0 ? '' : trustMarkup('\n')}${line}`)}</code></pre>\n`;
    case 'aside':
      return html`<aside aria-labelledby="${key}">${renderHeading(block.title, rank, key)}
${block.blocks.map((inner, i) => renderBlock(inner, `${key}-${i}`, rank))}</aside>\n`;
    case 'blank':
      return html`<p>${block.label}<span class="blank"></span></p>\n`;
    case 'chart':
      return html`<figure aria-labelledby="${key}"><figcaption>${renderHeading(block.title, rank, key)}<p>${block.note}</p></figcaption>
<div class="wide">${renderSvg(block.draw(WIDE))}</div><div class="narrow">${renderSvg(block.draw(NARROW))}</div>
<details><summary>The same as a table</summary>${renderTable(block.table)}</details></figure>\n`;
    case 'table':
      return renderTable(block);
  }
}

function renderHeading(text: string, rank: 2 | 3, id: string | null): Markup {
  const name = id !== null && html` id="${id}"`;
  return rank === 2 ? html`<h2 class="minor"${name}>${text}</h2>` : html`<h3${name}>${text}</h3>`;
}

function renderTable(table: Table): Markup {
  const align = (column: number): HtmlValue =>
    table.columns[column]?.align === 'right' && html` class="number"`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table: ${table.caption}"><table${table.columns.length > 2 && html` class="broad"`}><caption>${table.caption}</caption>
<thead><tr>${table.columns.map((column, i) => html`<th scope="col"${align(i)}>${column.title}</th>`)}</tr></thead>
<tbody>
${table.rows.map((row) => html`<tr>${row.map((cell, i) => html`<td${align(i)}>${renderRuns(cell)}</td>`)}</tr>\n`)}</tbody></table></div>\n`;
}

function renderRuns(runs: Runs): HtmlValue {
  return typeof runs === 'string' ? runs : runs.map(renderRun);
}

/** Identifiers are isolated: letters written from right to left stay within. */
function renderRun(run: Run): HtmlValue {
  if (typeof run === 'string') return run;
  return run.face === 'code' ? html`<bdi><code>${run.text}</code></bdi>` : html`<strong>${run.text}</strong>`;
}
