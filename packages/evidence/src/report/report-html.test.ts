import { escapeHtml } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaseFile } from './case-file.js';
import { renderReportHtml } from './report-html.js';
import { makeSampleCaseFile } from './sample-case-file.test.support.js';

/** Every string of a value replaced, but for those that the schema fixes. */
function poison(value: unknown, text: string, key = ''): unknown {
  if (typeof value === 'string')
    return /^(schema|kind|family|action|sha256|root|detectorSha256|reportSha256|findingId)$/.test(key)
      ? value
      : text;
  if (Array.isArray(value)) return value.map((item) => poison(item, text, key));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, poison(inner, text, name)]),
    );
  return value;
}

describe('the report as HTML', () => {
  it('escapes every string of a case file', () => {
    const bare = renderReportHtml(CaseFile.parse(poison(makeSampleCaseFile(3), 'x')));
    const tags = (page: string) => page.replace(/>[^<]*</g, '><').match(/<[a-z/!][^>]*>/g)!;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (text) => {
        const page = renderReportHtml(CaseFile.parse(poison(makeSampleCaseFile(3), `<${text}"'>`)));
        expect(page).not.toMatch(/[\p{Cs}\u200B-\u200F\u2028-\u202E\u2066-\u2069]|(?!\n)\p{Cc}/u);
        expect(tags(page).length).toBe(tags(bare).length);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps a hostile name within its place', () => {
    const page = renderReportHtml(makeSampleCaseFile());
    expect(page).toContain('&quot;&gt;&lt;script&gt;');
    expect(page).toContain('\\u{202e}txt.exe\\u{202c}');
    expect(page).not.toMatch(/<script|<img|\son[a-z]+="|\sstyle=/);
  });

  it('asks for nothing from outside and admits its own style only', () => {
    const page = renderReportHtml(makeSampleCaseFile());
    expect(page).toContain("default-src 'none'; style-src 'sha256-");
    expect(page).not.toMatch(/unsafe-|https?:/);
  });

  it('says what conduct is consistent with, and speaks no verdict', () => {
    const page = renderReportHtml(makeSampleCaseFile());
    expect(page).toContain(
      'What 41 accounts did is consistent with one operator collecting training data for another model',
    );
    expect(page).not.toMatch(/guilt|thie[fv]|stole|crimin|perpetrat|proves? that/i);
  });

  it('says what is missing', () => {
    const file = makeSampleCaseFile();
    const page = renderReportHtml({
      ...file,
      activity: [],
      aggregates: [],
      sampling: null,
      preRegistration: null,
      verification: [],
      custody: [],
      limits: [],
      accounts: [],
      log: { ...file.log, finding: null, witnesses: [], quorum: null, timestamp: null },
      detection: {
        ...file.detection,
        calibration: [],
        setAside: [],
        evidence: [],
        blindSpots: [],
        configuration: {},
      },
    });
    for (const sentence of [
      'No run on data where the truth is known is part of this case file.',
      'No hypothesis was registered in the log before this detection.',
      'No random sample was opened.',
      'No witness has cosigned the checkpoint.',
      'No timestamp authority has stamped the checkpoint.',
      'No pool was set aside.',
      'The run named no blind spot.',
    ])
      expect(page).toContain(sentence);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('states no bound from a sample that is not clean, and none from a late registration', () => {
    const file = makeSampleCaseFile();
    const page = renderReportHtml({
      ...file,
      sampling: { ...file.sampling!, opened: 299 },
      preRegistration: { ...file.preRegistration!, atMs: file.finding.firstAlarmAtMs + 1, usedTries: 2 },
    });
    expect(page).toContain('1 chosen record could not be opened or did not agree.');
    expect(page).toContain('does not show that they were fixed beforehand');
    expect(page).toContain('More than allowed');
  });

  it('is the same page for the same case file', () => {
    expect(renderReportHtml(makeSampleCaseFile())).toBe(renderReportHtml(makeSampleCaseFile()));
  });
});

it('leaves no markup character in any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeHtml(text).replace(/&(?:amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[&<>"'\p{Cc}\u202E]/u);
    }),
  );
});
