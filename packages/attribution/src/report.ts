import type { AttributedRow, AttributionReport, ResponseCounts, TimeWindow } from '@phalanx/domain';
import { boundProportionAbove, logBinomialDensity, stateJaccard, toLog10 } from '@phalanx/stats';
import { type ProbeTally, testControl, testPublication } from './account-tests.js';
import { LANES } from './band-design.js';
import { type Item, isExact, type RowMatch } from './items.js';
import { type AccountGroup, type Evidence, judgeAccounts, judgeGroups } from './judge.js';
import { LANE_BAND } from './lane-index.js';
import type { MatchRule } from './match-rule.js';
import type { AttributionOptions } from './options.js';
import { nameForm, type RowSketches } from './row-sketches.js';
import type { Scan } from './scan.js';

/** Everything that a report is written from. */
export interface Findings {
  readonly options: AttributionOptions;
  readonly window: TimeWindow | null;
  readonly stored: number;
  readonly received: ResponseCounts;
  readonly receivedAfter: number;
  readonly data: RowSketches;
  readonly control: RowSketches | null;
  readonly items: readonly Item[];
  readonly controlItems: readonly Item[] | null;
  readonly match: MatchRule;
  readonly scan: Scan;
  readonly decoys: { readonly rows: number; readonly matched: number };
  readonly probes: ProbeTally;
  readonly exclusiveShare: number;
  readonly groups: readonly AccountGroup[];
  readonly nameSource: (source: number) => string;
  readonly nameAccount: (account: bigint) => string;
  readonly seconds: AttributionReport['seconds'];
}

const COMMON_ORIGIN =
  'A common origin: both quote or follow the same third text, or the account had this data set repeated by the model.';
const BLIND_SPOTS = [
  'A sketch stands for a whole response: in the largest runs a quarter of the responses cut to a half are missed, and nearly all that are cut to a third.',
  'Words that were replaced throughout (paraphrase, translation) leave no match.',
  'A match says that the same words stand in both places. It does not say who copied from whom, nor that a model was trained on it.',
  'Responses that were not kept (other providers, before the first record) cannot be found.',
];

/** Judges accounts and campaigns, and writes down everything with its null, in words. */
export function writeReport(found: Findings): Omit<AttributionReport, 'files'> {
  const { options, data, control, match, scan } = found;
  const isBefore = ({ receipts }: Item) =>
    options.publishedMs === null || receipts.some(({ atMs }) => atMs < options.publishedMs!);
  const counted = found.items.filter(isBefore);
  const nulls = testNulls(found);
  const limit = Math.log10(options.alpha);
  const evidence: Evidence = {
    items: counted,
    controlItems: found.controlItems,
    rows: Math.max(1, data.distinctRows),
    controlRows: control?.distinctRows ?? 0,
    received: found.received,
    exclusiveShare: found.exclusiveShare,
    logRun: match.logRun,
    alpha: options.alpha,
    publicationFalls: nulls.publication === null ? null : nulls.publication.log10P <= limit,
    nameAccount: found.nameAccount,
  };
  const rowsOf = (kind: Item['kind']) => sumRows(found.items.filter((item) => item.kind === kind));
  const itemsOf = (kind: Item['kind']) => found.items.filter((item) => item.kind === kind).length;
  const exactRows = new Set(
    found.items.flatMap(({ matches }) => matches.filter(isExact).map(({ row }) => row)),
  );
  const matched = sumRows(found.items);
  const matches = listMatches(found);
  return {
    schema: 'phalanx.attribution-report.v1',
    window: found.window,
    publishedMs: options.publishedMs,
    stored: { responses: found.stored, accounts: found.received.account.length },
    rows: {
      total: data.rows,
      distinct: data.distinctRows,
      tooShort: data.emptyRows,
      matched,
      exact: exactRows.size,
      exclusive: rowsOf('exclusive'),
      shared: rowsOf('shared'),
      common: rowsOf('common'),
    },
    items: { exclusive: itemsOf('exclusive'), shared: itemsOf('shared'), common: itemsOf('common') },
    rule: {
      alpha: options.alpha,
      overlap: match.overlap,
      lanes: match.threshold,
      ofLanes: LANES,
      minBytes: options.minBytes,
      candidates: data.sketches.size,
      pairsTried: match.pairs,
      log10FalsePair: toLog10(match.logPair),
      log10FalseRun: toLog10(match.logRun),
      recallByLanes: scan.index.design.recall.slice(match.threshold).map((share) => Number(share.toFixed(4))),
      crowded: scan.index.crowded,
    },
    nulls,
    accounts: judgeAccounts(evidence),
    campaigns: judgeGroups(found.groups, evidence),
    matches,
    matchesNotListed: matched - matches.length,
    blindSpots: [
      ...BLIND_SPOTS,
      ...(control === null && options.publishedMs === null
        ? [
            'Neither control rows nor a date of publication were given, so a common origin was not tested: an account is indicated at most, not named.',
          ]
        : []),
    ],
    seconds: found.seconds,
  };
}

function testNulls(found: Findings): AttributionReport['nulls'] {
  const { data, control, controlItems, match, scan, decoys, probes, received } = found;
  const exclusive = found.items.filter(({ kind }) => kind === 'exclusive');
  return {
    coincidence: {
      nullHypothesis: `No row shares more than ${match.overlap} of its word triples with a response; any match at all would be chance.`,
      log10P: found.items.length === 0 ? 0 : toLog10(match.logRun),
      voidedBy:
        'Texts that share more for another reason: a template, a quotation, a refusal in standing words.',
    },
    decoy: {
      ...decoys,
      falseShareUpper: decoys.rows === 0 ? 1 : boundProportionAbove(decoys.matched, decoys.rows, 0.01),
      comparisons: fitComparisons(scan.index.decoyComparisons()),
    },
    control:
      control === null || controlItems === null
        ? null
        : {
            nullHypothesis: 'Rows of the data set match responses no more often than rows of the control.',
            log10P: toLog10(
              testControl(
                exclusive.length,
                Math.max(1, data.distinctRows),
                controlItems.filter(({ kind }) => kind === 'exclusive').length,
                control.distinctRows,
              ),
            ),
            voidedBy:
              'A control of another kind of text than the data set, or one that holds responses itself.',
            rows: control.rows,
            matched: sumRows(controlItems),
            items: controlItems.length,
            falseShare: control.rows === 0 ? 0 : sumRows(controlItems) / control.rows,
            falseShareUpper:
              control.rows === 0 ? 1 : boundProportionAbove(sumRows(controlItems), control.rows, 0.01),
          },
    publication: testTime(found, exclusive),
    account: {
      nullHypothesis:
        'The items were drawn from the provider’s exclusive responses without regard to the account that received them.',
      voidedBy: COMMON_ORIGIN,
      accountsTried: received.account.length,
      probes: probes.probes,
      probesExclusive: probes.single,
    },
  };
}

/** Each item is represented by the exchange with the lowest id, a draw at random among those that gave it. */
function testTime(found: Findings, exclusive: readonly Item[]): AttributionReport['nulls']['publication'] {
  const { publishedMs } = found.options;
  if (publishedMs === null) return null;
  const before = exclusive.filter(({ receipts }) => receipts[0]!.atMs < publishedMs).length;
  const after = exclusive.length - before;
  const receivedBefore = found.received.count.reduce((sum, n) => sum + n, 0);
  const log10P = toLog10(testPublication(before, after, receivedBefore, found.receivedAfter));
  return {
    nullHypothesis:
      'Whether a response stands in the data set does not depend on whether it was given before the data set was published.',
    log10P: Math.min(0, log10P),
    voidedBy: 'A change in what the model was asked between the two times.',
    itemsBefore: before,
    itemsAfter: after,
    receivedBefore,
    receivedAfter: found.receivedAfter,
  };
}

/** Observed comparisons with decoys beside those of independent lanes, given how many there were. */
function fitComparisons(observed: Float64Array) {
  const total = observed.reduce((sum, n) => sum + n, 0);
  return Array.from(observed, (count, lanes) => ({
    lanes,
    observed: count,
    expected:
      lanes < LANE_BAND
        ? 0
        : Number(
            (total * Math.exp(logBinomialDensity(lanes - LANE_BAND, LANES - LANE_BAND, 1 / 256))).toPrecision(
              4,
            ),
          ),
  })).filter(({ lanes, observed: n, expected }) => lanes >= LANE_BAND && (n > 0 || expected >= 0.01));
}

/** Exclusive items first, the rows of an item together; a row once, with its best match. */
function listMatches(found: Findings): AttributedRow[] {
  const { items, options } = found;
  const rank = { exclusive: 0, shared: 1, common: 2 };
  const order = [...items.keys()].sort((a, b) => rank[items[a]!.kind] - rank[items[b]!.kind] || a - b);
  const listed: AttributedRow[] = [];
  for (const number of order) {
    const item = items[number]!;
    const best = new Map<number, RowMatch>();
    for (const match of item.matches)
      if (match.equal > (best.get(match.row)?.equal ?? -1)) best.set(match.row, match);
    for (const match of best.values()) {
      if (listed.length === options.listed) return listed;
      listed.push(describeRow(match, item, number, found));
    }
  }
  return listed;
}

function describeRow(match: RowMatch, item: Item, number: number, found: Findings): AttributedRow {
  const { data, nameAccount, nameSource } = found;
  const { source, number: row, digest } = data.describe(match.row);
  const exact = isExact(match);
  const lanes = Math.min(match.equal, LANES);
  return {
    file: nameSource(source),
    row,
    sha256: Buffer.from(digest).toString('hex'),
    kind: item.kind,
    item: number,
    form: nameForm(match.form),
    exact,
    lanes,
    similarity: exact ? { estimate: 1, lower: 1, upper: 1 } : stateJaccard(lanes, LANES, 0.01),
    accounts: item.accounts.map(nameAccount),
    exchanges: item.receipts.map(({ id }) => id),
  };
}

function sumRows(items: readonly Item[]): number {
  return items.reduce((sum, { rows }) => sum + rows.length, 0);
}
