import { PhalanxError, showInvisible } from '@phalanx/core';
import { DetectionReport, type Finding } from '@phalanx/domain';
import type { FindingRow } from '@phalanx/store';
import type { CliErrorCode } from './cli-error.js';
import { formatCount, formatInstant } from './figures.js';
import type { TextLayout } from './finding-text.js';

/** A finding as it was kept: a report with it alone, so that it is shown by the same code and read by the same schema. */
export interface KeptFinding {
  readonly keptAtMs: number;
  readonly finding: Finding;
  readonly report: DetectionReport;
}

/**
 * The rows under which a report's findings are kept, one a finding. Each holds the report with the other findings and
 * their evidence left out; how many pools were examined and what was set aside stay, since without them the evidence
 * cannot be judged.
 */
export function packFindings(report: DetectionReport, keptAtMs: number): FindingRow[] {
  return report.findings.map((finding) => {
    const evidence = report.evidence.filter(({ findingId }) => findingId === finding.id);
    return {
      id: finding.id,
      atMs: keptAtMs,
      json: JSON.stringify({ ...report, findings: [finding], evidence }),
    };
  });
}

/** @throws PhalanxError `CLI_KEPT_FINDING` for a row that holds no report of one finding that this version can read. */
export function unpackFinding(row: FindingRow): KeptFinding {
  const parsed = DetectionReport.safeParse(readJson(row.json));
  const finding = parsed.data?.findings[0];
  if (!parsed.success || finding === undefined)
    throw new PhalanxError<CliErrorCode>(
      'CLI_KEPT_FINDING',
      `what is kept as ${showInvisible(row.id)} is not a finding that this version can read`,
      { advice: 'Use the Phalanx version that wrote it, or detect again.' },
    );
  return { keptAtMs: row.atMs, finding, report: parsed.data };
}

/** Kept findings in the few members by which one is told from another. */
export function summariseKept({ finding, keptAtMs }: KeptFinding) {
  const { id, kind, members, firstAlarmAtMs } = finding;
  return { id, kind, accounts: members.length, firstAlarmAtMs, keptAtMs };
}

/** A table of kept findings, one a line under a head. */
export function writeKeptFindings(
  kept: readonly KeptFinding[],
  { paint }: Pick<TextLayout, 'paint'>,
): string {
  const rows = kept.map(summariseKept);
  const line = (id: string, kind: string, accounts: string, alarm: string, at: string) =>
    `${id.padEnd(24)}  ${kind.padEnd(21)}  ${accounts.padStart(8)}  ${alarm.padEnd(20)}  ${at}\n`;
  return rows.reduce(
    (out, row) =>
      out +
      line(
        showInvisible(row.id),
        row.kind,
        formatCount(row.accounts),
        formatInstant(row.firstAlarmAtMs),
        formatInstant(row.keptAtMs),
      ),
    paint.dim(line('id', 'kind', 'accounts', 'first alarm', 'kept at')),
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
