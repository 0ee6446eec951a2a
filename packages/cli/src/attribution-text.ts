import { shortenText, showInvisible } from '@phalanx/core';
import type { AttributedAccount, AttributionReport } from '@phalanx/domain';
import { formatCount, formatDay, formatLog10, formatPlural, formatShare } from './figures.js';
import type { TextLayout } from './finding-text.js';
import { wrapText } from './terminal.js';

const SHOWN = 20;

/** An attribution report for a terminal: what matched, whose it was, how sure that is, what cannot be seen. */
export function writeAttribution(report: AttributionReport, layout: TextLayout): string {
  const { paint } = layout;
  const { rows, items, stored } = report;
  let out = `${paint.bold(summarise(report))}\n`;
  for (const { path, rows: read, rejected, field, guessed } of report.files)
    out += paint.dim(
      `${showInvisible(path)}: ${formatPlural(read, 'row')}, ${formatCount(rejected)} unreadable, text in ${showInvisible(field)}${guessed ? ' (guessed)' : ''}\n`,
    );
  out += para(
    `Compared with ${formatPlural(stored.responses, 'stored response')} of ${formatPlural(stored.accounts, 'account')}. ` +
      `${formatPlural(rows.matched, 'row')} of ${formatCount(rows.total)} match: ${formatCount(rows.exclusive)} a response that one account alone received ` +
      `(${formatPlural(items.exclusive, 'distinct text')}), ${formatCount(rows.shared)} one that several did, ${formatCount(rows.common)} one that too many did to say. ` +
      `${formatCount(rows.exact)} are equal but for case, punctuation and spacing; ${formatCount(rows.tooShort)} are too short to judge.`,
    layout,
  );
  out += writeAccounts('Accounts', report.accounts, layout);
  if (report.campaigns.some((group) => group.items + group.sharedItems > 0))
    out += writeAccounts('Findings, their accounts taken together', report.campaigns, layout);
  out += `\n${paint.bold('How sure is this')}\n`;
  for (const line of explainNulls(report)) out += item(line, layout);
  out += `\n${paint.bold('What this cannot see')}\n`;
  for (const spot of report.blindSpots) out += item(spot, layout);
  return out;
}

function summarise({ accounts, campaigns, rows, rule }: AttributionReport): string {
  if (rows.matched === 0) return 'No row matches a stored response.';
  for (const verdict of ['named', 'indicated'] as const) {
    const count = accounts.filter((account) => account.verdict === verdict).length;
    const groups = campaigns.filter((group) => group.verdict === verdict).length;
    const found = groups === 0 ? '' : ` and ${formatPlural(groups, 'finding')}`;
    if (count + groups > 0)
      return `${formatPlural(count, 'account')}${found} ${verdict} as the origin of rows, at alpha ${rule.alpha}.`;
  }
  return `Rows match, and no account is named at alpha ${rule.alpha}.`;
}

function writeAccounts(title: string, accounts: readonly AttributedAccount[], layout: TextLayout): string {
  if (accounts.length === 0) return '';
  let out = `\n${layout.paint.bold(title)}\n`;
  out += `  ${'id'.padEnd(26)}${'texts'.padStart(8)}${'rows'.padStart(8)}${'received'.padStart(10)}${'share'.padStart(8)}${'shared'.padStart(8)}${'log10 p'.padStart(9)}  verdict\n`;
  for (const account of accounts.slice(0, SHOWN)) {
    const { id, items, rows, received, sharedItems, log10Adjusted, verdict } = account;
    const share = received === 0 ? '–' : formatShare(Math.min(1, items / received));
    out += `  ${shortenText(id, 25).padEnd(26)}${formatCount(items).padStart(8)}${formatCount(rows).padStart(8)}${formatCount(received).padStart(10)}${share.padStart(8)}${formatCount(sharedItems).padStart(8)}${formatLog10(log10Adjusted).padStart(9)}  ${verdict}\n`;
  }
  if (accounts.length > SHOWN) out += `  and ${formatCount(accounts.length - SHOWN)} more (--json)\n`;
  return out;
}

function explainNulls({ nulls, rule, publishedMs }: AttributionReport): string[] {
  const { coincidence, decoy, control, publication, account } = nulls;
  return [
    `Chance: ${rule.lanes} of 32 lanes must agree. Over all ${rule.pairsTried.toExponential(1)} pairs, any match of texts that share at most ${formatShare(rule.overlap)} of their word triples has a probability of at most 10^${formatLog10(rule.log10FalseRun)}. ${coincidence.voidedBy}`,
    `Decoys: of ${formatCount(decoy.rows)} rows sketched under a key that nobody used, ${formatCount(decoy.matched)} match.`,
    ...(control === null
      ? []
      : [
          `Control: ${formatCount(control.matched)} of ${formatCount(control.rows)} rows known not to be ours match (at most ${formatShare(control.falseShareUpper)}). ${control.nullHypothesis} log10 p ${formatLog10(control.log10P)}. Void with: ${control.voidedBy}`,
        ]),
    ...(publication === null
      ? []
      : [
          `Time: ${formatCount(publication.itemsBefore)} texts were given before ${formatDay(publishedMs!)}, ${formatCount(publication.itemsAfter)} after. ${publication.nullHypothesis} log10 p ${formatLog10(publication.log10P)}. Void with: ${publication.voidedBy}`,
        ]),
    `Accounts: ${account.nullHypothesis} The p-values above are against this, adjusted for ${formatPlural(account.accountsTried, 'account')} (Holm). ${formatCount(account.probesExclusive)} of ${formatPlural(account.probes, 'stored response')} drawn at random were received once, by one account. Void with: ${account.voidedBy}`,
  ];
}

function para(text: string, layout: TextLayout): string {
  return wrapText(text, Math.min(layout.columns, 100), '  ');
}

function item(text: string, layout: TextLayout): string {
  return wrapText(text, Math.min(layout.columns, 100), '- ', '  ');
}
