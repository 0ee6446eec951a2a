export { decryptWithIdentity, encryptForRecipients, recipientOf } from './age-envelope.js';
export { Bag, type BagLimits, type ListedFile } from './bag.js';
export { type BagFile, type BagInfo, type WrittenBag, writeBag } from './bag-writer.js';
export { type DatedCheckpoint, formatDatedLine, readDatedLines } from './dated-checkpoint.js';
export {
  type Envelope,
  encodePreAuth,
  formatEnvelope,
  parseEnvelope,
  signEnvelope,
  verifyEnvelope,
} from './dsse.js';
export type { EvidenceErrorCode } from './evidence-error.js';
export { type ExportedBundle, type ExportRequest, exportEvidence } from './export.js';
export { formatCertificates, readCertificates } from './pem.js';
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
  formatMessageBundle,
  formatStatementBundle,
  type StatementBundle,
  type VerifiedStatementBundle,
  verifyStatementBundle,
} from './sigstore-bundle.js';
export type { LoggedEntry } from './sigstore-log-entry.js';
export {
  type BundleTrust,
  type SignatureTimestamp,
  type VerifiedBundle,
  verifySigstoreBundle,
} from './sigstore-verifier.js';
export {
  formatStatement,
  parseStatement,
  STATEMENT_TYPE,
  type Statement,
  type Subject,
} from './statement.js';
export { makeStatementLeaf } from './statement-leaf.js';
export {
  formatPublicKeyPem,
  keyHintOf,
  parsePublicKey,
  type StatementSigner,
  statementSignerOf,
} from './statement-signer.js';
export {
  normaliseResponse,
  type TimestampTrust,
  type VerifiedTimestamp,
  verifyTimestamp,
} from './timestamp.js';
export {
  makeTimestampRequest,
  requestTimestamp,
  type TimestampAuthority,
  type TimestampRequest,
} from './timestamp-request.js';
export {
  formatTrustedRoot,
  logIdOf,
  parseTrustedRoot,
  type TrustedLog,
  type TrustedParties,
  type Validity,
} from './trusted-root.js';
export {
  type CheckedLink,
  type EvidenceCheck,
  type EvidenceClaims,
  type EvidenceTrust,
  LINKS,
  type LinkName,
  verifyEvidence,
} from './verify.js';
