import { DAY_MS, readMarkup } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { groupArrivals } from './account-groups.js';
import { renderReportPage } from './page.js';
import { HOSTILE_IDS, makeSampleReport } from './sample-report.test.fixture.js';
import { drawTimeline, selectSlots } from './timeline-chart.js';

describe('the report page as text', () => {
  it('escapes every string of a hostile report', () => {
    const report = makeSampleReport();
    const hostile = HOSTILE_IDS[3]!;
    const finding = report.findings[0]!;
    Object.assign(finding, {
      id: hostile,
      innocentExplanation: hostile,
      wouldSettle: [hostile],
      proposedBy: [hostile],
    });
    finding.sought = [{ capability: hostile, share: 1 }];
    Object.assign(finding.signals[0]!, {
      signal: hostile,
      sentence: hostile,
      nullHypothesis: hostile,
      atlas: hostile,
    });
    finding.signals[0]!.effect = { name: hostile, unit: hostile, value: 1, reference: null };
    report.setAside = [{ accounts: 1, reason: hostile }];
    report.blindSpots = [hostile];
    report.configuration = { [hostile]: hostile };
    const page = renderReportPage(report);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/style/g)).toHaveLength(1);
    expect(page).not.toMatch(/<img|\u202E/);
  });

  it('admits its own script and style only, and has no verdict words', () => {
    const page = renderReportPage(makeSampleReport());
    expect(page).toContain("default-src 'none'; style-src 'sha256-");
    expect(page).not.toMatch(/unsafe-|https?:/);
    expect(page).not.toMatch(/\sstyle=|\son[a-z]+="/);
    expect(page).not.toMatch(/guilty|thie[fv]|stole|crim/i);
  });

  it('says so when the alarm is older than the series drawn', () => {
    const report = makeSampleReport();
    const note = 'from an earlier proposal about mostly the same accounts';
    expect(renderReportPage(report)).not.toContain(note);
    report.evidence = report.evidence.filter((row) => row.atMs > report.findings[0]!.firstAlarmAtMs + DAY_MS);
    expect(renderReportPage(report)).toContain(note);
  });

  it('says so when there is nothing', () => {
    const page = renderReportPage({
      ...makeSampleReport(),
      findings: [],
      evidence: [],
      setAside: [],
      blindSpots: [],
    });
    expect(page).toContain('Nothing to report in');
    expect(page).toContain('No pool was set aside');
  });
});

describe('the timeline', () => {
  it('reads rows as ends of slots of unequal length', () => {
    const report = makeSampleReport();
    const finding = report.findings[0]!;
    const { proposedAtMs } = finding;
    const row = { findingId: finding.id, log10ECoordination: 1, log10EDemand: 1, exchanges: 5 };
    const ends = [0.25, 0.5, 1.5].map((day) => proposedAtMs + day * DAY_MS);
    report.evidence = ends.map((atMs) => ({ ...row, atMs })).reverse();
    expect(selectSlots(report, finding).map((slot) => [slot.fromMs, slot.toMs])).toEqual([
      [proposedAtMs, ends[0]],
      [ends[0], ends[1]],
      [ends[1], ends[2]],
    ]);
  });

  it('draws averages when the report has no counts by slot, and nothing without a series', () => {
    const report = makeSampleReport();
    const [first, second] = report.findings;
    expect(readMarkup(drawTimeline(report, first!, 860, 'a')!)).toContain('Exchanges a day<');
    expect(readMarkup(drawTimeline(report, second!, 860, 'b')!)).toContain('average before and after');
    expect(drawTimeline({ ...report, evidence: [] }, first!, 860, 'c')).toBeNull();
  });

  it('groups arrivals into at most eight stretches that lose nobody', () => {
    const { members } = makeSampleReport().findings[1]!;
    const spread = members.map((member, i) => ({
      ...member,
      firstAtMs: member.firstAtMs + (i % 40) * DAY_MS,
    }));
    const groups = groupArrivals(spread);
    expect(groups.length).toBeLessThanOrEqual(8);
    expect(groups.reduce((total, group) => total + group.members.length, 0)).toBe(900);
    for (const group of groups)
      for (const member of group.members) {
        expect(member.firstAtMs).toBeGreaterThanOrEqual(group.fromMs);
        expect(member.firstAtMs).toBeLessThan(group.toMs);
      }
  });
});
