import type { CaseFile } from './case-file.js';
import { formatInstant } from './figures.js';
import type { ReportDocument } from './report-document.js';
import { writeAccounts } from './sections/accounts.js';
import { writeClaim } from './sections/claim.js';
import { writeDisclosure } from './sections/disclosure.js';
import { writeDoubt } from './sections/doubt.js';
import { writeGlossary } from './sections/glossary.js';
import { writeLimits } from './sections/limits.js';
import { writeMethod } from './sections/method.js';
import { nameParty, writeCustody, writeLog } from './sections/record.js';
import { writeTests } from './sections/tests.js';
import { writeVerification } from './sections/verification.js';

/** The report of a case, before it is set as HTML or PDF. The first section is the first screen. */
export function writeCaseReport(file: CaseFile): ReportDocument {
  return {
    title: `Evidence report, case ${file.caseId}`,
    eyebrow: `Evidence report · case ${file.caseId} · made ${formatInstant(file.madeAtMs)} by ${nameParty(file.madeBy)}`,
    sections: [
      writeClaim(file),
      writeMethod(file),
      writeTests(file),
      writeDoubt(file),
      writeAccounts(file),
      writeDisclosure(file),
      writeLog(file),
      writeCustody(file),
      writeVerification(file),
      writeLimits(file),
      writeGlossary(),
    ],
    footer: `Case ${file.caseId}. Made with ${file.software.name} ${file.software.version}.`,
  };
}
