import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeForPdf, PdfTextSetter } from './pdf-text.js';
import { renderReportPdf } from './report-pdf.js';
import { makeSampleCaseFile } from './sample-case-file.test.support.js';

const MANIFEST = utf8(`${'ab'.repeat(32)}  data/log/checkpoint\n`);

let setter: PdfTextSetter;

beforeAll(async () => {
  const pdf = await PDFDocument.create();
  setter = new PdfTextSetter({
    plain: await pdf.embedFont(StandardFonts.Helvetica),
    strong: await pdf.embedFont(StandardFonts.HelveticaBold),
    code: await pdf.embedFont(StandardFonts.Courier),
  });
});

describe('the report as PDF', () => {
  it('has the same bytes for the same case file, and others for another', async () => {
    const one = await renderReportPdf(makeSampleCaseFile(), MANIFEST);
    const two = await renderReportPdf(makeSampleCaseFile(), MANIFEST);
    if (process.env.PHALANX_SCREENSHOTS)
      writeFileSync(join(process.env.PHALANX_SCREENSHOTS, 'evidence-report.pdf'), one);
    expect(Buffer.compare(one, two)).toBe(0);
    const other = await renderReportPdf({ ...makeSampleCaseFile(), caseId: '2026-0018' }, MANIFEST);
    expect(Buffer.compare(one, other)).not.toBe(0);
  });

  it('carries names of any letters', async () => {
    const file = makeSampleCaseFile(2);
    const name = '契約 \u202E\uD800 \u{1F600} ﷽';
    await renderReportPdf(
      { ...file, caseId: name, madeBy: { ...file.madeBy, organisation: name }, limits: [name.repeat(200)] },
      null,
    );
  });

  it('sets 3,000 accounts and a name as long as the schema lets', async () => {
    const file = makeSampleCaseFile(3_000);
    file.limits = ['x'.repeat(4_000)];
    const pdf = await PDFDocument.load(await renderReportPdf(file, null));
    expect(pdf.getPageCount()).toBeGreaterThan(15);
    expect(pdf.getPageCount()).toBeLessThan(60);
  });
});

describe('text for the fonts of a PDF', () => {
  it('is written by the fonts, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const face of ['plain', 'strong', 'code'] as const)
          expect(setter.measure(encodeForPdf(text), face, 10)).toBeGreaterThanOrEqual(0);
      }),
    );
    expect(encodeForPdf('−3 契 é')).toBe('–3 \\u{5951} é');
  });

  it('breaks into lines that are no wider than asked and lose no letter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'W', ' ', 'é', '契') }), { maxLength: 6 }),
        fc.integer({ min: 20, max: 200 }),
        (parts, width) => {
          const runs = parts.map((text, i) => (i % 2 === 0 ? text : ({ face: 'code', text } as const)));
          const lines = setter.break(runs, width, 10);
          for (const line of lines) expect(line.width).toBeLessThanOrEqual(width + 1e-9);
          const letters = lines.map((line) => line.fragments.map((part) => part.text).join('')).join('');
          expect(letters.replaceAll(' ', '')).toBe(encodeForPdf(parts.join('')).replaceAll(' ', ''));
        },
      ),
    );
  });
});
