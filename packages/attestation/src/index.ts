export type { AttestationErrorCode } from './attestation-error.js';
export {
  type Envelope,
  encodePreAuth,
  formatEnvelope,
  parseEnvelope,
  signEnvelope,
  verifyEnvelope,
} from './dsse.js';
export {
  type EcdsaHash,
  type EcdsaKey,
  ecdsaKeyOf,
  readEcdsaKey,
  verifyEcdsa,
} from './ecdsa-key.js';
export {
  type EnvelopeBundle,
  formatEnvelopeBundle,
  keyFingerprint,
  type NamedSigner,
  readEnvelopeBundle,
} from './envelope-bundle.js';
export { formatCertificates, readCertificates, readPublicKey } from './pem.js';
export { type CertifiedSigner, verifySigningChain } from './signing-certificate.js';
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
