import type { CaseFile } from './case-file.js';
import { writeCaseReport } from './case-report.js';
import { renderPdf } from './document-pdf.js';
import { nameParty } from './sections/record.js';

/**
 * The report of a case as PDF, unsigned; see `renderPdf` for what it promises. `manifest`, the manifest of the bag as it
 * stood before this file was added to it, is attached as `manifest-sha256.txt`, so that a signature over the PDF is one
 * over the bag.
 */
export async function renderReportPdf(file: CaseFile, manifest: Uint8Array | null): Promise<Uint8Array> {
  return renderPdf(
    writeCaseReport(file),
    {
      author: nameParty(file.madeBy),
      software: `${file.software.name} ${file.software.version}`,
      atMs: file.madeAtMs,
    },
    manifest === null
      ? []
      : [
          {
            name: 'manifest-sha256.txt',
            mediaType: 'text/plain',
            description: 'SHA-256 of every file of the bundle but the reports',
            bytes: manifest,
          },
        ],
  );
}
