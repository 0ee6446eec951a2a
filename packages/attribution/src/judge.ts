import type { AttributedAccount, ResponseCounts } from '@phalanx/domain';
import { logHypergeometricUpperTail, toLog10 } from '@phalanx/stats';
import { adjustByHolm, countTestable, testAccount, testControl } from './account-tests.js';
import type { Item } from './items.js';

/** Accounts that are judged as one. */
export interface AccountGroup {
  readonly id: string;
  readonly accounts: readonly bigint[];
}

/** What accounts are judged by. */
export interface Evidence {
  readonly items: readonly Item[];
  readonly controlItems: readonly Item[] | null;
  /** Distinct rows of the data set and of the control. */
  readonly rows: number;
  readonly controlRows: number;
  readonly received: ResponseCounts;
  readonly exclusiveShare: number;
  /** ln of the bound of any coincidence in the run. */
  readonly logRun: number;
  readonly alpha: number;
  /** Whether the null about the time of publication falls; null when it was not tested. */
  readonly publicationFalls: boolean | null;
  readonly nameAccount: (account: bigint) => string;
}

interface Tally {
  readonly id: string;
  readonly received: number;
  items: number;
  rows: number;
  exchanges: number;
  sharedItems: number;
  sharedParts: number;
  controlItems: number;
  /** Items that this null counts as drawn from somebody. */
  all: number;
}

/** Judges every account that received something of the data set. */
export function judgeAccounts(evidence: Evidence): AttributedAccount[] {
  const { received } = evidence;
  const counts = new Map(Array.from(received.account, (account, i) => [account, received.count[i]!]));
  const tallies = new Map<bigint, Tally>();
  const all = evidence.items.filter(({ kind }) => kind === 'exclusive').length;
  const tallyOf = (account: bigint): Tally => {
    let tally = tallies.get(account);
    if (tally === undefined) {
      tally = makeTally(evidence.nameAccount(account), counts.get(account) ?? 0, all);
      tallies.set(account, tally);
    }
    return tally;
  };
  for (const item of evidence.items)
    if (item.kind === 'exclusive') count(tallyOf(item.accounts[0]!), item);
    else if (item.kind === 'shared')
      for (const account of item.accounts) {
        const tally = tallyOf(account);
        tally.sharedItems++;
        tally.sharedParts += 1 / item.accounts.length;
      }
  for (const item of evidence.controlItems ?? [])
    if (item.kind === 'exclusive') tallyOf(item.accounts[0]!).controlItems++;
  return judge([...tallies.values()], Math.max(1, received.account.length), evidence);
}

/** Judges groups, each as if its accounts were one: what several of its members received is its own. */
export function judgeGroups(groups: readonly AccountGroup[], evidence: Evidence): AttributedAccount[] {
  const { received } = evidence;
  const counts = new Map(Array.from(received.account, (account, i) => [account, received.count[i]!]));
  const tallies = groups.map(({ id, accounts }) => {
    const members = new Set(accounts);
    const isOwn = (item: Item) =>
      item.kind !== 'common' && item.accounts.every((account) => members.has(account));
    const own = evidence.items.filter(isOwn);
    const others = evidence.items.filter((item) => item.kind === 'exclusive' && !isOwn(item));
    const sum = [...members].reduce((total, account) => total + (counts.get(account) ?? 0), 0);
    const tally = makeTally(id, sum, own.length + others.length);
    for (const item of own) count(tally, item);
    for (const item of evidence.items)
      if (item.kind === 'shared' && !isOwn(item)) {
        const inside = item.accounts.filter((account) => members.has(account)).length;
        if (inside > 0) tally.sharedItems++;
        tally.sharedParts += inside / item.accounts.length;
      }
    tally.controlItems = (evidence.controlItems ?? []).filter(isOwn).length;
    return tally;
  });
  return judge(tallies, Math.max(1, groups.length), evidence);
}

function judge(tallies: readonly Tally[], tried: number, evidence: Evidence): AttributedAccount[] {
  const { rows, controlRows, received, exclusiveShare, logRun, alpha } = evidence;
  const allReceived = received.count.reduce((sum, n) => sum + n, 0);
  const logPs = tallies.map((tally) =>
    testAccount(tally.items, tally.all, tally.received, allReceived, exclusiveShare),
  );
  const adjusted = adjustByHolm(logPs, Math.max(tried, tallies.length));
  const hasControl = evidence.controlItems !== null;
  const margins = tallies.map(({ items, controlItems }) => Math.min(items + controlItems, rows));
  const testable = hasControl
    ? countTestable(
        margins.map((n) => logHypergeometricUpperTail(n, rows + controlRows, n, rows)),
        alpha,
      )
    : 1;
  return tallies
    .map((tally, i): AttributedAccount => {
      const control = hasControl
        ? Math.min(0, testControl(tally.items, rows, tally.controlItems, controlRows) + Math.log(testable))
        : null;
      const coincidence = tally.items === 0 ? 0 : Math.min(0, logRun - Math.log(tally.items));
      const limit = Math.log(alpha);
      const { id, items, sharedItems, sharedParts, exchanges } = tally;
      return {
        id,
        received: tally.received,
        items,
        rows: tally.rows,
        exchanges,
        sharedItems,
        sharedParts: Number(sharedParts.toFixed(3)),
        controlItems: hasControl ? tally.controlItems : null,
        log10Coincidence: toLog10(coincidence),
        log10P: toLog10(logPs[i]!),
        log10Adjusted: toLog10(adjusted[i]!),
        log10ControlAdjusted: control === null ? null : toLog10(control),
        verdict: judgeNulls(
          items > 0 && adjusted[i]! <= limit && coincidence <= limit,
          control === null ? null : control <= limit,
          evidence.publicationFalls,
        ),
      };
    })
    .sort((a, b) => b.items - a.items || b.sharedParts - a.sharedParts || (a.id < b.id ? -1 : 1));
}

/** Template and quotation are ruled out by a control or the time only: without either nobody is named. */
function judgeNulls(
  stands: boolean,
  controlFalls: boolean | null,
  publicationFalls: boolean | null,
): AttributedAccount['verdict'] {
  if (!stands || controlFalls === false || publicationFalls === false) return 'none';
  return controlFalls === null && publicationFalls === null ? 'indicated' : 'named';
}

function makeTally(id: string, received: number, all: number): Tally {
  return {
    id,
    received,
    items: 0,
    rows: 0,
    exchanges: 0,
    sharedItems: 0,
    sharedParts: 0,
    controlItems: 0,
    all,
  };
}

function count(tally: Tally, item: Item): void {
  tally.items++;
  tally.rows += item.rows.length;
  tally.exchanges += item.receipts.length;
}
