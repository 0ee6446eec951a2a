import { shortenText } from '@phalanx/core';
import type { CaseAccount, CaseFile } from '../case-file.js';
import { formatCount, formatInstant, formatPlural } from '../figures.js';
import { code, para, type Section } from '../report-document.js';

const ACCOUNTS_SHOWN = 500;

/** Account by account: how much, when, and whether the log holds it without a gap. */
export function writeAccounts(file: CaseFile): Section {
  const accounts = [...file.accounts].sort(
    (a, b) => b.exchanges - a.exchanges || (a.accountId < b.accountId ? -1 : 1),
  );
  const more = accounts.length - ACCOUNTS_SHOWN;
  const gaps = accounts.filter(hasGap).length;
  const unnumbered = accounts.filter((account) => account.sequence === null).length;
  return {
    id: 'accounts',
    title: 'The accounts',
    blocks: [
      para(
        'Accounts are named as in the bundle. Where that is a pseudonym, only the operator of the service can tell which customer it stands for. That an account is listed says that it was tested as a member of the pool. It says nothing about a person.',
      ),
      para(
        `Each account has a running number of its own in the log. First and last number, and how many records lie between them, show whether any is missing. ${gapSentence(accounts.length, unnumbered, gaps)}`,
      ),
      {
        kind: 'table',
        caption: `${formatPlural(accounts.length, 'account')}${more > 0 ? `; the ${ACCOUNTS_SHOWN} with most exchanges are shown, all are in the case file` : ''}`,
        columns: [
          { title: 'Account', weight: 3.15 },
          { title: 'Exchanges', weight: 1.2, align: 'right' },
          { title: 'First exchange, UTC', weight: 1.95 },
          { title: 'Last exchange, UTC', weight: 1.95 },
          { title: 'Numbers in the log', weight: 1.75 },
        ],
        rows: accounts
          .slice(0, ACCOUNTS_SHOWN)
          .map((account) => [
            [code(shortenText(account.accountId, 80))],
            formatCount(account.exchanges),
            shortInstant(account.firstAtMs),
            shortInstant(account.lastAtMs),
            sequenceText(account),
          ]),
      },
    ],
  };
}

function shortInstant(atMs: number): string {
  return formatInstant(atMs).replace(/ UTC$/, '');
}

function span(account: CaseAccount): number {
  return account.sequence === null ? 0 : account.sequence.last - account.sequence.first + 1;
}

function hasGap(account: CaseAccount): boolean {
  return account.sequence !== null && span(account) !== account.exchanges;
}

function gapSentence(accounts: number, unnumbered: number, gaps: number): string {
  if (accounts === 0) return 'No account is listed.';
  if (unnumbered === accounts) return 'In this bundle no account has such numbers.';
  const without =
    unnumbered === 0 ? '' : ` ${formatPlural(unnumbered, 'account has', 'accounts have')} no numbers.`;
  return gaps === 0
    ? `The number of records agrees for every account that has numbers.${without}`
    : `For ${formatPlural(gaps, 'account')} it does not agree; the table says by how much.${without}`;
}

function sequenceText(account: CaseAccount): string {
  const { sequence } = account;
  if (sequence === null) return '–';
  const range = `${formatCount(sequence.first)}–${formatCount(sequence.last)}`;
  if (!hasGap(account)) return range;
  const missing = span(account) - account.exchanges;
  return missing > 0
    ? `${range}, ${formatCount(missing)} not shown`
    : `${range}, ${formatCount(-missing)} too many`;
}
