import { showInvisible } from '@phalanx/core';
import type { Block, ReportDocument, Run, Runs, Table } from './report-document.js';

/**
 * A document as Markdown (CommonMark with tables), for whoever wants to edit it. Text of data is escaped: it makes neither
 * markup nor HTML. Pictures are left out; their figures stand in the tables.
 */
export function renderMarkdown(document: ReportDocument): string {
  const parts = [`${escapeMarkdown(document.eyebrow)}\n`];
  for (const [i, section] of document.sections.entries()) {
    parts.push(`${i === 0 ? '#' : '##'} ${escapeMarkdown(section.title)}\n`);
    for (const block of section.blocks) parts.push(renderBlock(block));
  }
  parts.push(`${escapeMarkdown(document.footer)}\n`);
  return parts.join('\n');
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `${renderRuns(block.runs)}\n`;
    case 'heading':
      return `### ${escapeMarkdown(block.text)}\n`;
    case 'list':
      return `${block.items.map((item, i) => `${block.ordered ? `${i + 1}.` : '-'} ${renderRuns(item)}`).join('\n')}\n`;
    case 'figures':
      return `${block.items.map(({ name, value }) => `- ${escapeMarkdown(name)}: ${escapeMarkdown(value)}`).join('\n')}\n`;
    case 'terms':
      return `${block.items.map(({ term, is }) => `- **${escapeMarkdown(term)}**: ${renderRuns(is)}`).join('\n')}\n`;
    case 'commands':
      return `${block.lines.map((line) => `    ${showInvisible(line)}`).join('\n')}\n`;
    case 'aside':
      return `**${escapeMarkdown(block.title)}**\n\n${block.blocks.map(renderBlock).join('\n')}`;
    case 'blank':
      return `${escapeMarkdown(block.label)}: \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\n`;
    case 'chart':
      return `### ${escapeMarkdown(block.title)}\n\n${renderTable(block.table)}`;
    case 'table':
      return renderTable(block);
  }
}

function renderTable(table: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `${escapeMarkdown(table.caption)}\n`,
    line(table.columns.map((column) => escapeMarkdown(column.title))),
    line(table.columns.map((column) => (column.align === 'right' ? '--:' : '---'))),
    ...table.rows.map((row) => line(row.map(renderRuns))),
    '',
  ].join('\n');
}

function renderRuns(runs: Runs): string {
  return typeof runs === 'string' ? escapeMarkdown(runs) : runs.map(renderRun).join('');
}

function renderRun(run: Run): string {
  if (typeof run === 'string') return escapeMarkdown(run);
  if (run.face === 'strong') return `**${escapeMarkdown(run.text)}**`;
  // A span of code cannot hold a bar inside a table, nor backticks of its own length: then it is plain text.
  return /[`|]/.test(run.text) ? escapeMarkdown(run.text) : `\`${showInvisible(run.text)}\``;
}

/** Every ASCII punctuation mark may be escaped (CommonMark 0.31, 2.4); a digit and a point at the start make a list. */
function escapeMarkdown(text: string): string {
  return showInvisible(text)
    .replace(/[\\`*_{}[\]<>#+|~&!]/g, '\\$&')
    .replace(/^(\s*)(\d+)([.)])/, '$1$2\\$3')
    .replace(/^(\s*)([-=])/, '$1\\$2');
}
