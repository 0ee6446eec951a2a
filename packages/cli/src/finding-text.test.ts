import { describe, expect, it } from 'vitest';
import { writeReport, writeTimeline } from './finding-text.js';
import { HOSTILE_IDS, makeSampleReport } from './report-page/sample-report.test.fixture.js';
import { choosePaint, wrapText } from './terminal.js';

const plain = { columns: 80, paint: choosePaint({ env: {}, outIsScreen: false }) };

describe('the report in a terminal', () => {
  it('says what, who, when, why, why not, and how sure', () => {
    const text = writeReport(makeSampleReport(), plain);
    for (const part of [
      '41 accounts that claim to be strangers act as one',
      '12,430 before the alarm, 9,318 after',
      '[even-mixture, log10 e 31.2]',
      'The plainest innocent explanation',
      'What would settle or refute it',
      '63 pools examined',
      'alpha = 0.01',
      'Set aside, and why',
      'What this cannot see',
    ])
      expect(text.replace(/\s+/g, ' ')).toContain(part);
  });

  it('keeps what is not counted apart from the reasons', () => {
    const [why, context] = writeReport(makeSampleReport(), plain)
      .split('Looked at too, and not counted')
      .map((part) => part.split('The plainest')[0]!);
    expect(why).toContain('[near-repeat-deficit, log10 e 7.4]');
    expect(why).not.toContain('frozen-client');
    expect(context).toContain('[frozen-client]');
    expect(context).not.toContain('log10 e');
  });

  it('lets no account id control the terminal', () => {
    const report = makeSampleReport();
    for (const id of HOSTILE_IDS)
      report.findings[0]!.members = [{ ...report.findings[0]!.members[0]!, accountId: id }];
    for (const id of HOSTILE_IDS) {
      report.findings[0]!.members[0]!.accountId = id;
      expect(writeReport(report, plain)).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069](?<!\n)/u);
    }
  });

  it('has no verdict words', () => {
    expect(writeReport(makeSampleReport(), plain)).not.toMatch(/guilty|thie[fv]|steal|stole|crim/i);
  });

  it('marks the slot of the alarm', () => {
    const alarms = writeTimeline(makeSampleReport(), plain)
      .split('\n')
      .filter((line) => line.endsWith('alarm'));
    expect(alarms).toHaveLength(2);
    expect(alarms[0]).toContain('2026-02-04 18:00 UTC');
  });

  it('colours a screen unless told not to', () => {
    expect(choosePaint({ env: {}, outIsScreen: true }).bold('a')).toBe('\u001B[1ma\u001B[22m');
    expect(choosePaint({ env: { NO_COLOR: '1' }, outIsScreen: true }).bold('a')).toBe('a');
  });

  it('wraps', () => {
    expect(wrapText('aa bb cc', 5, '- ', '  ')).toBe('- aa\n  bb\n  cc\n');
  });
});
