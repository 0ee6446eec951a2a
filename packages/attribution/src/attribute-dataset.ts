import type { AttributionReport, ResponseReader } from '@phalanx/domain';
import type { Sketcher } from '@phalanx/sketch';
import { boundExclusiveShare, type ProbeTally } from './account-tests.js';
import type { CandidateRule } from './candidate-texts.js';
import { type Completeness, groupItems, type PairColumns } from './items.js';
import type { AccountGroup } from './judge.js';
import { chooseRule } from './match-rule.js';
import { type AttributionOptions, checkOptions, defaultOptions } from './options.js';
import { findRecipients, type Recipients } from './recipients.js';
import { type Findings, writeReport } from './report.js';
import { type DatasetRow, RowSketches } from './row-sketches.js';
import { type OnProgress, type Scan, scanResponses } from './scan.js';
import { SketchList } from './sketch-list.js';

/** What is to be attributed, and under which keys. */
export interface AttributionInput {
  /** Names of the files, by `DatasetRow.source`. */
  readonly sources: readonly string[];
  /** Rows of the data set. */
  readonly rows: AsyncIterable<DatasetRow>;
  /** Rows that are known not to be ours, of the same kind of text. */
  readonly control?: AsyncIterable<DatasetRow>;
  /** Under the key of the stored sketches. */
  readonly sketcher: Sketcher;
  /** Under a key that nobody used. */
  readonly decoySketcher: Sketcher;
  /** Accounts that a finding names together, by their ids in the logs. */
  readonly groups?: readonly { readonly id: string; readonly accountIds: readonly string[] }[];
  readonly onProgress?: OnProgress;
}

/** Of the rows, so many are decoys at least, and of more rows every 16th. */
const FIRST_DECOYS = 1000;
const DECOY_STRIDE = 16;

/**
 * Which stored responses stand in a data set, and which accounts received them: row, candidate texts, sketches, matches, items,
 * accounts. Memory grows with the rows (some 1 GB at a million rows of 1 KB), not with what is stored; the stored sketches are
 * read once.
 *
 * @returns the report but for its `files`, which the caller knows
 * @throws PhalanxError `ATTRIBUTION_OPTIONS`, `ATTRIBUTION_LIMIT`; what the reader throws.
 */
export async function attributeDataset(
  reader: ResponseReader,
  input: AttributionInput,
  chosen: Partial<AttributionOptions> = {},
): Promise<Omit<AttributionReport, 'files'>> {
  const options = { ...defaultOptions, ...chosen };
  checkOptions(options);
  const onProgress = input.onProgress ?? (() => undefined);
  const started = performance.now();
  const window = (await reader.span()) ?? { fromMs: 0, toMs: 0 };
  const published = Math.max(window.fromMs, Math.min(window.toMs, options.publishedMs ?? window.toMs));
  const before = { fromMs: window.fromMs, toMs: published };
  const received = await reader.responseCounts(before, options.minBytes);
  const later = await reader.responseCounts({ fromMs: published, toMs: window.toMs }, options.minBytes);
  const stored = sum(received.count) + sum(later.count);

  const rule: CandidateRule = {
    minLength: Math.ceil(options.minBytes / 3),
    windowScales: options.windowScales,
  };
  const decoys = new SketchList();
  const data = new RowSketches();
  for await (const row of input.rows) {
    data.add(row, input.sketcher, rule);
    if (decoys.size < options.decoys && (decoys.size < FIRST_DECOYS || data.rows % DECOY_STRIDE === 0))
      addDecoy(decoys, row, input.decoySketcher, rule.minLength);
    if (data.rows % 5000 === 0) onProgress(0, 1, `${data.rows} rows read`);
  }
  const control = input.control === undefined ? null : new RowSketches();
  if (control !== null) for await (const row of input.control!) control.add(row, input.sketcher, rule);
  const probes = await drawProbes(reader, before, options, sum(received.count));
  const read = performance.now();

  const match = chooseRule(data.sketches.size * stored, options.alpha, options.overlap);
  const lists = [data.sketches, control?.sketches ?? new SketchList(), probes, decoys];
  const scan = await scanResponses(reader, window, lists, match.threshold, stored, onProgress);
  const scanned = performance.now();
  const recipients = await findRecipients(reader, scan.pairs.hashes);
  const [dataPairs, controlPairs, probePairs, decoyPairs] = splitPairs(
    scan,
    lists,
    recipients,
    options.minBytes,
  );
  const from = (base: number): Completeness => ({
    isSaturated: (entry) => scan.index.isSaturated(base + entry),
    isCut: (entry) => scan.pairs.isCut(base + entry),
  });
  const controlBase = data.sketches.size;
  const items = groupItems(data.occurrences, dataPairs!, recipients, from(0));
  const controlItems =
    control === null ? null : groupItems(control.occurrences, controlPairs!, recipients, from(controlBase));
  const probeBase = controlBase + (control?.sketches.size ?? 0);
  const probeTally = tallyProbes(probes, probePairs!, recipients, from(probeBase));

  const facts = await reader.accountFacts();
  const names = new Map(facts.accountId.map((id, i) => [facts.account[i]!, id]));
  const accountsById = new Map(facts.accountId.map((id, i) => [id, facts.account[i]!]));
  const groups = (input.groups ?? []).map(
    ({ id, accountIds }): AccountGroup => ({
      id,
      accounts: accountIds.flatMap((accountId) => accountsById.get(accountId) ?? []),
    }),
  );
  const finished = performance.now();
  const findings: Findings = {
    options,
    window: stored === 0 ? null : window,
    stored,
    received,
    receivedAfter: sum(later.count),
    data,
    control,
    items,
    controlItems,
    match,
    scan,
    decoys: { rows: decoys.size, matched: new Set(decoyPairs!.entry).size },
    probes: probeTally,
    exclusiveShare: boundExclusiveShare(probeTally),
    groups,
    nameSource: (source) => input.sources[source] ?? String(source),
    nameAccount: (account) => names.get(account) ?? account.toString(16).padStart(16, '0'),
    seconds: {
      read: (read - started) / 1000,
      index: scan.indexSeconds,
      scan: scan.scanSeconds,
      recipients: (finished - scanned) / 1000,
      total: (finished - started) / 1000,
    },
  };
  return writeReport(findings);
}

function addDecoy(decoys: SketchList, { texts }: DatasetRow, sketcher: Sketcher, minLength: number): void {
  const text = texts.find((candidate) => candidate.length >= minLength);
  if (text === undefined) return;
  const { hash, minhash } = sketcher.sketchResponse(text);
  if (hash !== 0n) decoys.add(hash, minhash);
}

async function drawProbes(
  reader: ResponseReader,
  window: { readonly fromMs: number; readonly toMs: number },
  { probes, minBytes }: AttributionOptions,
  stored: number,
): Promise<SketchList> {
  const list = new SketchList();
  if (probes === 0 || stored === 0) return list;
  const drawn = await reader.sampleResponses(window, Math.min(1, probes / stored), minBytes);
  drawn.hash.forEach((hash, row) => {
    list.add(hash, drawn.minhash.subarray(row * 32, row * 32 + 32));
  });
  return list;
}

/** The pairs of each list, numbered within it; responses that are too short to count are left out. */
function splitPairs(
  scan: Scan,
  lists: readonly SketchList[],
  recipients: readonly Recipients[],
  minBytes: number,
): PairColumns[] {
  const all = scan.pairs.list();
  const kept = Uint32Array.from(all.entry.keys()).filter(
    (pair) => recipients[all.hash[pair]!]!.bytes >= minBytes,
  );
  let base = 0;
  return lists.map(({ size }) => {
    const from = base;
    const inside = kept.filter((pair) => all.entry[pair]! >= from && all.entry[pair]! < from + size);
    base += size;
    return {
      entry: inside.map((pair) => all.entry[pair]! - from),
      hash: inside.map((pair) => all.hash[pair]!),
      equal: Uint8Array.from(inside, (pair) => all.equal[pair]!),
    };
  });
}

/** How many probes match their own exchange and no other, however loosely: the share must not be overestimated. */
function tallyProbes(
  probes: SketchList,
  pairs: PairColumns,
  recipients: readonly Recipients[],
  { isSaturated, isCut }: Completeness,
): ProbeTally {
  const exchanges = new Map<number, Set<string>>();
  pairs.entry.forEach((entry, pair) => {
    let ids = exchanges.get(entry);
    if (ids === undefined) exchanges.set(entry, (ids = new Set()));
    for (const { id } of recipients[pairs.hash[pair]!]!.receipts) ids.add(id);
  });
  let single = 0;
  for (const [entry, ids] of exchanges) if (ids.size === 1 && !isSaturated(entry) && !isCut(entry)) single++;
  return { probes: probes.size, single };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
