import { DAY_MS, PhalanxError, toHex } from '@phalanx/core';
import type { DetectionReport, Finding, TimeWindow } from '@phalanx/domain';
import { GROUPS, type Group, parseExchangeLeaf, type TelemetryLog } from '@phalanx/record';
import type { AggregateCounts } from './aggregate-claims.js';
import type { EvidenceErrorCode } from './evidence-error.js';
import { ChainFollower, type ChainSummary, formatLeafLine } from './leaf-list.js';
import { formatOpeningLine, METADATA_GROUPS, TEXT_GROUPS } from './openings.js';

const DETECTOR = GROUPS.indexOf('detector');

/** The part of a record that a finding is about. */
export interface RecordedPool {
  /** By account id; accounts of which nothing is on record are missing. */
  readonly chains: ReadonlyMap<string, ChainSummary>;
  readonly unrecorded: readonly string[];
  /** Listed entries, ascending. */
  readonly indices: readonly number[];
  /** Leaves a day (start in UTC milliseconds), ascending by day. */
  readonly days: readonly { readonly dayMs: number; readonly exchanges: number }[];
}

/**
 * Finds the leaves of a finding's accounts: of each chain everything from the first to the last exchange that started in the window,
 * with whatever lies between.
 *
 * @param accountOf keyed hash of an account id
 */
export function findRecordedPool(
  telemetry: TelemetryLog,
  finding: Finding,
  window: TimeWindow,
  accountOf: (accountId: string) => bigint,
): RecordedPool {
  const accounts = new Map<string, string>();
  const unrecorded: string[] = [];
  for (const { accountId } of finding.members) {
    const head = telemetry.chainOf(accountOf(accountId));
    if (head === null) unrecorded.push(accountId);
    else accounts.set(toHex(head.chain), accountId);
  }
  const names = new Set(accounts.keys());
  const spans = new Map<string, { first: number; last: number }>();
  for (const { entry } of telemetry.findLeaves(names)) {
    const { chain, sequence, atMs } = parseExchangeLeaf(entry);
    if (atMs < window.fromMs || atMs >= window.toMs) continue;
    const span = spans.get(toHex(chain));
    if (span === undefined) spans.set(toHex(chain), { first: sequence, last: sequence });
    else span.last = sequence;
  }
  for (const [chain, accountId] of accounts) if (!spans.has(chain)) unrecorded.push(accountId);
  const follower = new ChainFollower();
  const indices: number[] = [];
  const days = new Map<number, number>();
  for (const { index, entry } of telemetry.findLeaves(names)) {
    const leaf = parseExchangeLeaf(entry);
    const span = spans.get(toHex(leaf.chain));
    if (span === undefined || leaf.sequence < span.first || leaf.sequence > span.last) continue;
    follower.add({ index, entry, leaf });
    indices.push(index);
    const dayMs = leaf.atMs - (leaf.atMs % DAY_MS);
    days.set(dayMs, (days.get(dayMs) ?? 0) + 1);
  }
  const chains = new Map([...follower.summaries].map(([chain, summary]) => [accounts.get(chain)!, summary]));
  return {
    chains,
    unrecorded,
    indices,
    days: [...days].map(([dayMs, exchanges]) => ({ dayMs, exchanges })).sort((a, b) => a.dayMs - b.dayMs),
  };
}

/** A report in which the random names of chains stand for account ids. */
export function withPseudonyms(report: DetectionReport, pool: RecordedPool): DetectionReport {
  const findings = report.findings.map((finding) => ({
    ...finding,
    members: finding.members.map((member, i) => ({
      ...member,
      accountId: pool.chains.get(member.accountId)?.chain ?? `account ${i + 1}, not on record`,
    })),
  }));
  return { ...report, findings };
}

/** `leaves.jsonl`. */
export async function* writeLeaves(
  telemetry: TelemetryLog,
  indices: readonly number[],
): AsyncGenerator<Uint8Array> {
  let at = 0;
  while (at < indices.length) {
    const from = indices[at]!;
    const to = Math.min(from - (from % 256) + 256, telemetry.size);
    const entries = telemetry.log.readEntries(from, to);
    const lines: Uint8Array[] = [];
    for (; at < indices.length && indices[at]! < to; at++)
      lines.push(formatLeafLine({ index: indices[at]!, entry: entries[indices[at]! - from]! }));
    yield Buffer.concat(lines);
  }
}

/** What is opened of some entries, and what it comes to. */
export interface OpenedLines {
  readonly index: number;
  readonly metadata: Uint8Array | null;
  readonly text: Uint8Array | null;
}

/**
 * Lines of openings for these entries.
 *
 * @param names whether the `who` group goes with the metadata
 * @param counts is told what is opened
 * @throws PhalanxError `EVIDENCE_RECORD` when keys of an account are gone that was not erased
 */
export async function* openPool(
  telemetry: TelemetryLog,
  indices: readonly number[],
  names: boolean,
  counts: AggregateCounts,
): AsyncGenerator<OpenedLines> {
  const groups: Group[] = [...(names ? (['who'] as const) : []), ...METADATA_GROUPS];
  for await (const { index, exchange } of telemetry.readExchanges(indices)) {
    const { opened } = exchange;
    // Erased accounts are not in the pool any more.
    if (opened === null)
      throw new PhalanxError<EvidenceErrorCode>('EVIDENCE_RECORD', `entry ${index} cannot be opened`, {
        advice: 'An erasure was interrupted: erase the account again, or restore the keys.',
      });
    counts.add({ detector: opened.values[DETECTOR] ?? undefined });
    yield {
      index,
      metadata: formatOpeningLine(index, opened, groups),
      text: formatOpeningLine(index, opened, TEXT_GROUPS),
    };
  }
}
