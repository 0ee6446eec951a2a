import { createHash } from 'node:crypto';
import { fromBase64, fromUtf8, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { z } from 'zod';
import type { AttestationErrorCode } from './attestation-error.js';
import { readCertificate } from './certificate-path.js';
import type { Envelope } from './dsse.js';
import { type EcdsaKey, ecdsaKeyOf } from './ecdsa-key.js';

/** Whom a bundle names as signer, which proves nothing yet. */
export type NamedSigner =
  /** `keyFingerprint` of the key; null in older bundles. */
  | { readonly kind: 'key'; readonly fingerprint: string | null }
  /** DER, the signer's own first. */
  | { readonly kind: 'certificates'; readonly certificates: readonly Uint8Array[] }
  /** A certificate by Fulcio, for `verifySigstoreBundle`. */
  | { readonly kind: 'keyless' };

/** A Sigstore bundle of a DSSE envelope as it is read: the payload's own form is not looked at. */
export interface EnvelopeBundle {
  readonly envelope: Envelope;
  readonly signer: NamedSigner;
}

const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
/** What clients of Sigstore wrote for the same version before. */
const OLD_BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle+json;version=0.3';
/** Half a million files with usual names. */
const MAX_BYTES = 256_000_000;
const MAX_CERTIFICATES = 16;
/** DER of a signature on P-521. */
const MAX_SIGNATURE_BYTES = 141;

const Certificate = z.strictObject({ rawBytes: z.string().min(1) });
const Bundle = z.strictObject({
  mediaType: z.string(),
  verificationMaterial: z.strictObject({
    // Members of older bundles, which say nothing that the verifier's own key does not.
    publicKey: z
      .strictObject({
        hint: z.string().nullish(),
        rawBytes: z.unknown().optional(),
        keyDetails: z.unknown().optional(),
      })
      .optional(),
    x509CertificateChain: z
      .strictObject({ certificates: z.array(Certificate).min(1).max(MAX_CERTIFICATES) })
      .optional(),
    certificate: Certificate.optional(),
    tlogEntries: z.array(z.unknown()).optional(),
    timestampVerificationData: z.unknown().optional(),
  }),
  dsseEnvelope: z.strictObject({
    payload: z.string(),
    payloadType: z.string().min(1).max(256),
    signatures: z.array(z.strictObject({ sig: z.string(), keyid: z.string().nullish() })).length(1),
  }),
});

/**
 * Reads a Sigstore bundle of an envelope with one signature, as OpenSSF Model Signing keeps them: keys of three curves, chains of
 * certificates, payloads that are not canonical. What it says of a log is passed over. No signature is checked.
 *
 * @throws PhalanxError `ATTESTATION_BUNDLE`
 */
export function readEnvelopeBundle(json: Uint8Array): EnvelopeBundle {
  if (json.length > MAX_BYTES) throw bundleError(`${json.length} bytes, more than ${MAX_BYTES}`);
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(json));
  } catch (cause) {
    throw bundleError('it is no JSON', cause);
  }
  const read = Bundle.safeParse(value);
  if (!read.success) {
    const { path, message } = read.error.issues[0]!;
    throw bundleError(`${path.join('.') || 'the whole'}: ${message.slice(0, 200)}`);
  }
  const { mediaType, verificationMaterial, dsseEnvelope } = read.data;
  const signer = readSigner(verificationMaterial);
  if (mediaType !== BUNDLE_TYPE && !(signer.kind === 'keyless' && mediaType === OLD_BUNDLE_TYPE))
    throw bundleError('it is of another version than 0.3');
  const { payload, payloadType, signatures } = dsseEnvelope;
  const signature = decode(signatures[0]!.sig);
  if (signature.length === 0 || signature.length > MAX_SIGNATURE_BYTES)
    throw bundleError(`a signature of ${signature.length} bytes`);
  return { envelope: { payloadType, payload: decode(payload), signature }, signer };
}

/**
 * A bundle v0.3 without a log: signed by a key, which it names by its fingerprint, or under a chain of certificates. As
 * `model_signing` 1.1 writes it.
 *
 * @param certificates DER, the signer's own first; none for a plain key
 * @throws PhalanxError `ATTESTATION_KEY` when the first certificate is of another key; `ATTESTATION_BUNDLE` above 256 MB
 */
export function formatEnvelopeBundle(
  { payload, payloadType, signature }: Envelope,
  key: EcdsaKey,
  certificates: readonly Uint8Array[] = [],
): Uint8Array {
  const [own] = certificates;
  if (own !== undefined && !holdsKey(own, key))
    throw new PhalanxError<AttestationErrorCode>('ATTESTATION_KEY', 'the certificate is of another key', {
      advice: 'Name the certificate of the key that signs first, and those that issued it after it.',
    });
  const material =
    own === undefined
      ? { publicKey: { hint: keyFingerprint(key) } }
      : { x509CertificateChain: { certificates: certificates.map((der) => ({ rawBytes: toBase64(der) })) } };
  const bundle = utf8(
    JSON.stringify({
      mediaType: BUNDLE_TYPE,
      verificationMaterial: { ...material, tlogEntries: [] },
      dsseEnvelope: {
        payload: toBase64(payload),
        payloadType,
        signatures: [{ sig: toBase64(signature), keyid: '' }],
      },
    }),
  );
  if (bundle.length > MAX_BYTES) throw bundleError(`${bundle.length} bytes, more than ${MAX_BYTES}`);
  return bundle;
}

/** SHA-256 of the key's PEM file, hexadecimal: what OpenSSF Model Signing calls a key by. */
export function keyFingerprint({ key }: EcdsaKey): string {
  return createHash('sha256')
    .update(key.export({ format: 'pem', type: 'spki' }))
    .digest('hex');
}

function readSigner({
  publicKey,
  x509CertificateChain,
  certificate,
}: z.infer<typeof Bundle>['verificationMaterial']): NamedSigner {
  const named = [publicKey, x509CertificateChain, certificate].filter((one) => one !== undefined);
  if (named.length !== 1) throw bundleError(`it names ${named.length} signers`);
  if (certificate !== undefined) return { kind: 'keyless' };
  if (publicKey !== undefined) return { kind: 'key', fingerprint: publicKey.hint || null };
  const certificates = x509CertificateChain!.certificates.map(({ rawBytes }) => decode(rawBytes));
  return { kind: 'certificates', certificates };
}

function holdsKey(der: Uint8Array, { key }: EcdsaKey): boolean {
  const certificate = readCertificate(der);
  return certificate !== null && ecdsaKeyOf(certificate.x509.publicKey).key.equals(key);
}

function decode(base64: string): Uint8Array {
  try {
    return fromBase64(base64);
  } catch (cause) {
    throw bundleError('a member is not Base64', cause);
  }
}

function bundleError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_BUNDLE', `not a bundle of an envelope: ${what}`, { cause });
}
