import { PhalanxError } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { packFindings, summariseKept, unpackFinding, writeKeptFindings } from './kept-finding.js';
import { renderReportPage } from './report-page/page.js';
import { HOSTILE_IDS, makeSampleReport } from './report-page/sample-report.test.fixture.js';
import { choosePaint } from './terminal.js';

const paint = choosePaint({ env: {}, outIsScreen: false });

describe('a kept finding', () => {
  it('comes back alone, with its own evidence and what the run said of itself', () => {
    const report = makeSampleReport();
    const rows = packFindings(report, 5);
    expect(rows.map(({ id, atMs }) => [id, atMs])).toEqual(report.findings.map(({ id }) => [id, 5]));
    const kept = unpackFinding(rows[1]!);
    const { findings, evidence, ...run } = kept.report;
    expect(findings).toEqual([report.findings[1]]);
    expect(evidence).toEqual(report.evidence.filter((row) => row.findingId === report.findings[1]!.id));
    expect(evidence).toHaveLength(28);
    expect(report).toMatchObject(run);
    expect(renderReportPage(kept.report)).toContain('900 accounts that claim to be strangers');
    expect(summariseKept(kept)).toEqual({
      id: 'f-19aa40',
      kind: 'hidden-pool',
      accounts: 900,
      firstAlarmAtMs: report.findings[1]!.firstAlarmAtMs,
      keptAtMs: 5,
    });
  });

  it('comes back when it was kept before reports told the alarms of a kind apart', () => {
    const [row] = packFindings(makeSampleReport(), 5);
    const older = JSON.parse(row!.json);
    expect(older.findings[0].kindAlarmAtMs).toBeGreaterThan(older.findings[0].firstAlarmAtMs);
    delete older.findings[0].kindAlarmAtMs;
    const { finding, report } = unpackFinding({ ...row!, json: JSON.stringify(older) });
    expect(finding.kindAlarmAtMs).toBeUndefined();
    expect(renderReportPage(report)).not.toContain('From first exchange to distillation campaign');
    expect(renderReportPage(makeSampleReport())).toContain('From first exchange to distillation campaign');
  });

  it.each([
    ['no JSON', '{"schema":'],
    ['a bare finding', JSON.stringify(makeSampleReport().findings[0])],
    ['a later version', JSON.stringify({ ...makeSampleReport(), schema: 'phalanx.detection-report.v2' })],
    ['a report without a finding', JSON.stringify({ ...makeSampleReport(), findings: [] })],
  ])('is refused when the row holds %s', (_what, json) => {
    let caught: unknown;
    try {
      unpackFinding({ id: `f\u202E1`, atMs: 1, json });
    } catch (error) {
      caught = error;
    }
    expect(PhalanxError.is(caught, 'CLI_KEPT_FINDING')).toBe(true);
    expect((caught as Error).message).toContain('f\\u{202e}1');
  });

  it('is one line of the list, and no id controls the terminal', () => {
    const report = makeSampleReport();
    Object.assign(report.findings[0]!, { id: HOSTILE_IDS[5] });
    const kept = packFindings(report, Date.UTC(2026, 1, 9)).map(unpackFinding);
    const lines = writeKeptFindings(kept, { paint }).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^id +kind +accounts {2}first alarm +kept at$/);
    expect(lines[2]).toMatch(/^f-19aa40 +hidden-pool +900 {2}2026-02-04 14:24 UTC {2}2026-02-09 00:00 UTC$/);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });
});
