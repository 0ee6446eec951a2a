import { expect, it } from 'vitest';
import { makeSampleReport } from './report-page/sample-report.test.fixture.js';
import { compareWithTruth, writeTruth } from './truth-comparison.js';

it('counts the accounts of campaigns only', () => {
  const report = makeSampleReport();
  const named = report.findings[0]!.members.map((member) => member.accountId);
  const labels = [...named.slice(1), 'missed'].map((accountId) => ({
    accountId,
    class: 'A2',
    attacker: true,
  }));
  const truth = compareWithTruth(report, labels);
  expect(truth).toEqual({ attackers: 41, named: 41, correct: 40, recall: 40 / 41, precision: 40 / 41 });
  expect(writeTruth(truth)).toContain('40 rightly');
  expect(compareWithTruth({ ...report, findings: [] }, [])).toMatchObject({ recall: null, precision: null });
});
