export { decryptWithIdentity, encryptForRecipients, recipientOf } from './age-envelope.js';
export { Bag, type BagLimits, type ListedFile } from './bag.js';
export { type BagFile, type BagInfo, type WrittenBag, writeBag } from './bag-writer.js';
export { type DatedCheckpoint, formatDatedLine, readDatedLines } from './dated-checkpoint.js';
export type { EvidenceErrorCode } from './evidence-error.js';
export { type ExportedBundle, type ExportRequest, exportEvidence } from './export.js';
export { drawSample } from './random-sample.js';
export {
  CaseAccount,
  CaseDetection,
  CaseFile,
  CaseLog,
  CaseObject,
  CaseParty,
  CasePreRegistration,
  CaseSampling,
  CustodyStep,
  DisclosureLevel,
} from './report/case-file.js';
export type { TimestampSource } from './report/cms-signature.js';
export { writeCustodyGraph } from './report/custody.js';
export { renderDeclarationMarkdown, renderDeclarationPdf } from './report/declaration.js';
export { type PdfSigning, signPdf } from './report/pdf-signature.js';
export type { ReportErrorCode } from './report/report-error.js';
export { renderReportHtml } from './report/report-html.js';
export { renderReportPdf } from './report/report-pdf.js';
export { countExcludedBySample } from './report/sampling-bound.js';
export {
  type CertificateIssuer,
  type CertificateRequest,
  makeSigningCertificate,
} from './report/signing-certificate.js';
export {
  type CheckedLink,
  type EvidenceCheck,
  type EvidenceClaims,
  type EvidenceTrust,
  LINKS,
  type LinkName,
  verifyEvidence,
} from './verify.js';
