import { type KeyObject, sign } from 'node:crypto';
import {
  type CertifiedSigner,
  type EcdsaKey,
  type EnvelopeBundle,
  ecdsaKeyOf,
  encodePreAuth,
  formatEnvelopeBundle,
  keyFingerprint,
  readCertificates,
  readEcdsaKey,
  readEnvelopeBundle,
  STATEMENT_TYPE,
  verifyEcdsa,
  verifySigningChain,
  verifySigstoreBundle,
} from '@phalanx/attestation';
import { refuse, requireFormat } from '../weights-error.js';
import { encodeOldPreAuth } from './old-pre-auth.js';
import { OLD_SIGNATURE_TYPE } from './oms-statement.js';

/** Who signs: an ECDSA key on P-256, P-384 or P-521, alone or under certificates. */
export interface ModelSigner {
  readonly key: EcdsaKey;
  /** DER, that of the key first, then those that issued it; none for a plain key. */
  readonly certificates: readonly Uint8Array[];
  /** Over the curve's hash of the message, as the DER of RFC 3279 section 2.2.3. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Whom a customer believes. */
export type SignerTrust =
  /** PEM of the one public key. */
  | { readonly publicKey: Uint8Array }
  /** PEM of root certificates; `timeMs` as for `verifySigningChain`. */
  | { readonly roots: Uint8Array; readonly timeMs?: number }
  /** Sigstore without keys: the name in the certificate, who vouched for it, and `trusted_root.json`. */
  | { readonly subject: string; readonly issuer: string; readonly trustedRoot: Uint8Array };

/** Who signed, verified. */
export type VerifiedSigner =
  | { readonly kind: 'key'; readonly fingerprint: string }
  | ({ readonly kind: 'certificate' } & Omit<CertifiedSigner, 'key'>)
  | {
      readonly kind: 'keyless';
      readonly subject: string;
      readonly issuer: string;
      /** When a log or a time stamping authority saw the signature, milliseconds since 1970; the earliest stated. */
      readonly timeMs: number;
    };

/** @throws PhalanxError `ATTESTATION_KEY` for a key of another kind */
export function modelSignerOf(privateKey: KeyObject, certificates: readonly Uint8Array[] = []): ModelSigner {
  const key = ecdsaKeyOf(privateKey);
  return {
    key,
    certificates,
    sign: (message) => new Uint8Array(sign(key.hash, message, privateKey)),
  };
}

/** A Sigstore bundle of a statement, as `model_signing` writes it. @throws PhalanxError `ATTESTATION_KEY` */
export async function signStatement(statement: Uint8Array, signer: ModelSigner): Promise<Uint8Array> {
  const signature = await signer.sign(encodePreAuth(STATEMENT_TYPE, statement));
  const envelope = { payloadType: STATEMENT_TYPE, payload: statement, signature };
  return formatEnvelopeBundle(envelope, signer.key, signer.certificates);
}

/**
 * Verifies a bundle and gives the statement in it, byte for byte as it was signed. What it says is for the caller to read.
 *
 * A signature of version 0.2.0 (`encodeOldPreAuth`) stands only for a statement of that version.
 *
 * @throws PhalanxError `ATTESTATION_*`; `WEIGHTS_SIGNATURE` when it is signed in another way than is trusted, or by another
 */
export function verifySignedStatement(
  bundle: Uint8Array,
  trust: SignerTrust,
): { readonly statement: Uint8Array; readonly signer: VerifiedSigner } {
  const read = readEnvelopeBundle(bundle);
  requireFormat(read.envelope.payloadType === STATEMENT_TYPE, 'what is signed is no statement');
  return { statement: read.envelope.payload, signer: verifySigner(bundle, read, trust) };
}

function verifySigner(bundle: Uint8Array, read: EnvelopeBundle, trust: SignerTrust): VerifiedSigner {
  const { envelope, signer } = read;
  if ('publicKey' in trust) {
    if (signer.kind !== 'key')
      return refuse('WEIGHTS_SIGNATURE', `it is not signed by a key: ${HINTS[signer.kind]}`);
    const key = readEcdsaKey(trust.publicKey);
    const fingerprint = keyFingerprint(key);
    if (signer.fingerprint !== null && signer.fingerprint !== fingerprint)
      refuse(
        'WEIGHTS_SIGNATURE',
        `it is signed by the key ${signer.fingerprint.slice(0, 64)}, not ${fingerprint}`,
      );
    checkSignature(envelope, key);
    return { kind: 'key', fingerprint };
  }
  if ('roots' in trust) {
    if (signer.kind !== 'certificates')
      return refuse('WEIGHTS_SIGNATURE', `it is not signed under certificates: ${HINTS[signer.kind]}`);
    const roots = readCertificates(trust.roots);
    if (roots.length === 0) refuse('WEIGHTS_ARGUMENT', 'no certificate to trust in the PEM file');
    const { key, ...certified } = verifySigningChain(signer.certificates, roots, trust.timeMs);
    checkSignature(envelope, key);
    return { kind: 'certificate', ...certified };
  }
  if (signer.kind !== 'keyless')
    return refuse('WEIGHTS_SIGNATURE', `it is not signed by way of Sigstore: ${HINTS[signer.kind]}`);
  const { subject, issuer, trustedRoot } = trust;
  const verified = verifySigstoreBundle(bundle, { trustedRoot, identity: { subject, issuer } });
  const signed = verified.envelope;
  // Both read the same JSON; what is used must be what was verified.
  if (signed === null || Buffer.compare(signed.payload, envelope.payload) !== 0)
    return refuse('WEIGHTS_SIGNATURE', 'what was verified is another statement');
  const times = [
    ...verified.timestamps.map(({ timeMs }) => timeMs),
    ...verified.entries.map((e) => e.integratedMs),
  ];
  return { kind: 'keyless', subject, issuer, timeMs: Math.min(...times.filter((time) => time !== null)) };
}

const HINTS = {
  key: 'it names a public key',
  certificates: 'it brings a chain of certificates',
  keyless: 'it is signed without a key, by way of Sigstore',
} as const;

function checkSignature(
  { payloadType, payload, signature }: EnvelopeBundle['envelope'],
  key: EcdsaKey,
): void {
  if (verifyEcdsa(key, encodePreAuth(payloadType, payload), signature)) return;
  if (isOld(payload)) {
    const old = encodeOldPreAuth(payloadType, payload);
    // That version hashed with SHA-256 whatever the curve.
    if (verifyEcdsa(key, old, signature, 'sha256') || verifyEcdsa(key, old, signature)) return;
  }
  refuse(
    'WEIGHTS_SIGNATURE',
    'the signature does not verify: the statement was altered, or the key is another',
  );
}

function isOld(payload: Uint8Array): boolean {
  try {
    const { predicateType } = JSON.parse(Buffer.from(payload).toString()) as { predicateType?: unknown };
    return predicateType === OLD_SIGNATURE_TYPE;
  } catch {
    return false;
  }
}
