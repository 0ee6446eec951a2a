import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { PDFDocument } from 'pdf-lib';
import { describe, expect, it } from 'vitest';
import type { CaseObject } from './case-file.js';
import { renderDeclarationMarkdown, renderDeclarationPdf } from './declaration.js';
import { renderMarkdown } from './document-markdown.js';
import { makeSampleCaseFile } from './sample-case-file.test.support.js';

const FILES: CaseObject[] = makeSampleCaseFile().custody.flatMap((step) => step.outputs);

describe('the declaration', () => {
  const text = renderDeclarationMarkdown(makeSampleCaseFile(), FILES);

  it('has both forms of 28 U.S.C. 1746, blanks, and the word of counsel', () => {
    if (process.env.PHALANX_SCREENSHOTS)
      writeFileSync(join(process.env.PHALANX_SCREENSHOTS, 'declaration.md'), text);
    expect(text).toContain('I declare under penalty of perjury that the foregoing is true and correct.');
    expect(text).toContain('under the laws of the United States of America');
    expect(text).toContain('Counsel must review it');
    expect(text).toMatch(/Signature: (\\_)+/);
  });

  it('lists every file with its hash, and numbers its paragraphs through', () => {
    for (const { name, sha256 } of FILES) {
      expect(text).toContain(name);
      expect(text).toContain(sha256);
    }
    const numbers = [...text.matchAll(/^(\d+)\\\. /gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    expect(numbers.length).toBeGreaterThan(15);
  });

  it('concludes nothing about the finding', () => {
    const declared = text.slice(0, text.indexOf('## Annex A'));
    expect(declared).not.toMatch(/consistent with|hidden pool|distillation|guilt|log10/i);
  });

  it('is the same PDF for the same case file', async () => {
    const one = await renderDeclarationPdf(makeSampleCaseFile(), FILES);
    if (process.env.PHALANX_SCREENSHOTS)
      writeFileSync(join(process.env.PHALANX_SCREENSHOTS, 'declaration.pdf'), one);
    expect(Buffer.compare(one, await renderDeclarationPdf(makeSampleCaseFile(), FILES))).toBe(0);
    const many = Array.from({ length: 300 }, (_, i) => ({ ...FILES[0]!, name: `data/${'d'.repeat(i)}/x` }));
    const pdf = await PDFDocument.load(await renderDeclarationPdf(makeSampleCaseFile(), many));
    expect(pdf.getPageCount()).toBeGreaterThan(10);
  });
});

it('lets no text of data make markup in Markdown', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('*', '`', '|', '[', ']', '(', '<', '#', '\\', '_', 'a', '\n') }),
      (data) => {
        const section = (text: string) => [{ id: 'x', title: text, blocks: [] }];
        const out = renderMarkdown({ title: '', eyebrow: '', footer: '', sections: section(data) });
        expect(out.split('\n').length).toBe(6);
        expect(out.replace(/\\[\s\S]/g, '').slice(4)).not.toMatch(/[*`|[\]<#_]/);
      },
    ),
  );
});
