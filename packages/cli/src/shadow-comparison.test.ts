import { expect, it } from 'vitest';
import { makeSampleReport } from './report-page/sample-report.test.fixture.js';
import { compareReports, writeComparison } from './shadow-comparison.js';

it('pairs findings by their accounts and lists the rest', () => {
  const current = makeSampleReport();
  const shadow = makeSampleReport();
  const moved = shadow.findings[0]!;
  moved.members = moved.members.slice(1);
  moved.firstAlarmAtMs += 3_600_000;
  shadow.findings[1]!.members = shadow.findings[1]!.members.map((m) => ({
    ...m,
    accountId: `other-${m.accountId}`,
  }));
  const result = compareReports(current, shadow);
  expect(result.both).toHaveLength(1);
  expect(result.both[0]).toMatchObject({ alarmDelayMs: 3_600_000, onlyShadowMembers: [] });
  expect(result.both[0]!.onlyCurrentMembers).toEqual([current.findings[0]!.members[0]!.accountId]);
  expect([result.onlyCurrent.length, result.onlyShadow.length]).toEqual([1, 1]);
  expect(writeComparison(result)).toContain('41 → 40 accounts (−1 +0)');
});

it('finds nothing to tell between a report and itself', () => {
  const report = makeSampleReport();
  const result = compareReports(report, report);
  expect(result.both.map((pair) => pair.alarmDelayMs)).toEqual([0, 0]);
  expect(result.onlyCurrent).toEqual([]);
});
