import type { CaseFile } from './case-file.js';
import { writeCaseReport } from './case-report.js';
import { renderHtml } from './document-html.js';

/** The report of a case as one HTML page; see `renderHtml`. The same case file gives the same bytes. */
export function renderReportHtml(file: CaseFile): string {
  return renderHtml(writeCaseReport(file));
}
