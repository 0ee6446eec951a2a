import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { fromUtf8, PhalanxError } from '@phalanx/core';
import { type Bundle, bundleFromJSON, type TransparencyLogEntry } from '@sigstore/bundle';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import {
  type SignedEntity,
  toSignedEntity,
  toTrustMaterial,
  VerificationError,
  Verifier,
} from '@sigstore/verify';
import type { AttestationErrorCode } from './attestation-error.js';
import { type Envelope, encodePreAuth } from './dsse.js';
import { checkLogEntries, type LoggedEntry } from './sigstore-log-entry.js';
import { LEAF_KIND } from './statement-leaf.js';
import { type VerifiedTimestamp, verifyTimestamp } from './timestamp.js';
import { isWithin, type ParsedTrustedRoot, parseTrustedRoot } from './trusted-root.js';

/** Whom a bundle is to be signed by, and what it is about. */
export interface BundleTrust {
  /** `trusted_root.json`. */
  readonly trustedRoot: Uint8Array;
  /** DER of the SubjectPublicKeyInfo, for a bundle that names a key; the hint is the bundle's word for it and not compared here. */
  readonly publicKey?: Uint8Array;
  /** For a bundle with a certificate: its subject alternative name and the issuer of the identity, compared as they are. */
  readonly identity?: { readonly subject: string; readonly issuer: string };
  /** What was signed, for a bundle that holds the signature of a message. */
  readonly artifact?: Uint8Array;
}

/** What a bundle proves. */
export interface VerifiedBundle {
  /** Null for the signature of a message. */
  readonly envelope: Envelope | null;
  /** At least one. A policy about witnesses can be checked on each, see `verifyTlogProof`. */
  readonly entries: readonly LoggedEntry[];
  /** RFC 3161 time stamps of the signature. None only where a log of Rekor's first version states the time. */
  readonly timestamps: readonly SignatureTimestamp[];
}

/** A time stamp of the signature, verified. */
export interface SignatureTimestamp extends VerifiedTimestamp {
  /** DER of the `TimeStampResp`. */
  readonly response: Uint8Array;
}

const MAX_BYTES = 24_000_000;
/** As sigstore-go. */
const MAX_TIMESTAMPS = 32;

/**
 * Verifies a Sigstore bundle (v0.1 to v0.3) offline: signature, signer, log entries, inclusion, checkpoints, time stamps.
 *
 * `@sigstore/verify` 3.1.1 does it; what that lets pass is refused before: logs without a start of validity or outside of it, a log id that
 * is another log's, a checkpoint whose root, size or index differs from the proof's, an entry about another key, one entry twice, and
 * time stamps that `verifyTimestamp` refuses. It knows no `hashedrekord` of an envelope and is shown that as the signature of a message.
 *
 * @throws PhalanxError `ATTESTATION_BUNDLE`, `ATTESTATION_TRUSTED_ROOT`, `ATTESTATION_KEY`, `ATTESTATION_SIGNATURE`, `ATTESTATION_LOG` or `ATTESTATION_TIMESTAMP`
 */
export function verifySigstoreBundle(json: Uint8Array, trust: BundleTrust): VerifiedBundle {
  const trusted = parseTrustedRoot(trust.trustedRoot);
  const bundle = readBundle(json);
  const publicKey = trust.publicKey === undefined ? null : readKey(trust.publicKey);
  const { content } = bundle.verificationMaterial;
  if (content.$case === 'publicKey' && publicKey === null)
    throw signatureError('it is signed by a key, and none is given');
  if (content.$case !== 'publicKey' && trust.identity === undefined)
    throw signatureError('it is signed under a certificate, and no identity is given');
  checkMessage(bundle, trust.artifact);
  const entries = checkLogEntries(bundle, trusted.logs, signerOf(bundle, publicKey));
  const timestamps = checkTimestamps(bundle, trusted);
  for (const { log, integratedMs } of entries)
    for (const timeMs of integratedMs === null ? timestamps.map((stamp) => stamp.timeMs) : [integratedMs])
      if (!isWithin(log.validity, timeMs))
        throw logError(`the key of ${log.baseUrl} was not valid at that time`);
  const { identity } = runVerifier(bundle, trusted, trust, publicKey);
  if (
    content.$case !== 'publicKey' &&
    (identity?.subjectAlternativeName !== trust.identity?.subject ||
      identity?.extensions?.issuer !== trust.identity?.issuer)
  )
    throw signatureError('its certificate is of another identity');
  return { envelope: envelopeOf(bundle), entries, timestamps };
}

function readBundle(json: Uint8Array): Bundle {
  if (json.length > MAX_BYTES) throw bundleError(`${json.length} bytes, more than ${MAX_BYTES}`);
  try {
    return bundleFromJSON(JSON.parse(fromUtf8(json)));
  } catch (cause) {
    throw bundleError('it is not the JSON of one', cause);
  }
}

function readKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new PhalanxError<AttestationErrorCode>('ATTESTATION_KEY', 'not a SubjectPublicKeyInfo', { cause });
  }
}

/** The digest in the bundle is what the log entry is compared with, so it must be that of the message. */
function checkMessage({ content }: Bundle, artifact: Uint8Array | undefined): void {
  if (content.$case !== 'messageSignature') return;
  if (artifact === undefined) throw bundleError('it is about a message, and none is given');
  const { algorithm, digest } = content.messageSignature.messageDigest;
  if (algorithm !== HashAlgorithm.SHA2_256) throw bundleError('its message is not hashed with SHA-256');
  if (!createHash('sha256').update(artifact).digest().equals(digest))
    throw signatureError('it is about another message');
}

/** DER of the certificate or key that a log entry must name. */
function signerOf({ verificationMaterial: { content } }: Bundle, publicKey: KeyObject | null): Uint8Array {
  switch (content.$case) {
    case 'publicKey':
      return publicKey!.export({ format: 'der', type: 'spki' });
    case 'certificate':
      return content.certificate.rawBytes;
    case 'x509CertificateChain':
      return content.x509CertificateChain.certificates[0]!.rawBytes;
  }
}

function checkTimestamps(bundle: Bundle, { timestampAuthorities }: ParsedTrustedRoot): SignatureTimestamp[] {
  const responses = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  if (responses.length > MAX_TIMESTAMPS) throw timestampError(`more than ${MAX_TIMESTAMPS} time stamps`);
  const signature = signatureOf(bundle);
  return responses.map(({ signedTimestamp }) => {
    let refused: unknown;
    for (const { certificates, validity } of timestampAuthorities)
      try {
        const response = new Uint8Array(signedTimestamp);
        const stamp = verifyTimestamp(response, signature, { certificates });
        if (isWithin(validity, stamp.timeMs)) return { ...stamp, response };
        refused = timestampError('the authority was not trusted at that time');
      } catch (cause) {
        refused = cause;
      }
    throw refused ?? timestampError('no authority is trusted');
  });
}

function runVerifier(
  bundle: Bundle,
  { root }: ParsedTrustedRoot,
  { artifact }: BundleTrust,
  key: KeyObject | null,
) {
  const verifier = new Verifier(
    toTrustMaterial(root, () => ({ publicKey: key!, validFor: () => true })),
    {
      tlogThreshold: 1,
      timestampThreshold: 1,
      ctlogThreshold: bundle.verificationMaterial.content.$case === 'publicKey' ? 0 : 1,
    },
  );
  try {
    return verifier.verify(presentEntity(bundle, artifact));
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw bundleError('it is malformed', cause);
    const { code, message } = cause;
    if (code === 'TIMESTAMP_ERROR') throw timestampError(message, cause);
    if (code.startsWith('TLOG_')) throw logError(message, cause);
    throw signatureError(message, cause);
  }
}

/** An envelope that the log knows by the hash of what was signed is shown as a signature of just that. */
function presentEntity(bundle: Bundle, artifact: Uint8Array | undefined): SignedEntity {
  const envelope = envelopeOf(bundle);
  const entries: readonly TransparencyLogEntry[] = bundle.verificationMaterial.tlogEntries;
  const isRekorV2 = entries.some(
    ({ kindVersion: { kind, version } }) => kind === LEAF_KIND.kind && version === LEAF_KIND.version,
  );
  if (envelope === null || !isRekorV2)
    return toSignedEntity(bundle, artifact === undefined ? undefined : Buffer.from(artifact));
  const signed = Buffer.from(encodePreAuth(envelope.payloadType, envelope.payload));
  const messageSignature = {
    messageDigest: {
      algorithm: HashAlgorithm.SHA2_256,
      digest: createHash('sha256').update(signed).digest(),
    },
    signature: Buffer.from(envelope.signature),
  };
  return toSignedEntity({ ...bundle, content: { $case: 'messageSignature', messageSignature } }, signed);
}

function envelopeOf({ content }: Bundle): Envelope | null {
  if (content.$case !== 'dsseEnvelope') return null;
  const { payload, payloadType, signatures } = content.dsseEnvelope;
  return {
    payload: new Uint8Array(payload),
    payloadType,
    signature: new Uint8Array(signatures[0]!.sig),
  };
}

function signatureOf(bundle: Bundle): Uint8Array {
  return bundle.content.$case === 'messageSignature'
    ? new Uint8Array(bundle.content.messageSignature.signature)
    : envelopeOf(bundle)!.signature;
}

function bundleError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_BUNDLE', `not a bundle that can be used: ${what}`, { cause });
}

function signatureError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_SIGNATURE', `the bundle is not signed as it should be: ${what}`, {
    cause,
  });
}

function logError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_LOG', `the bundle is not shown to be in the log: ${what}`, { cause });
}

function timestampError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_TIMESTAMP', `the time of the bundle is not shown: ${what}`, { cause });
}
