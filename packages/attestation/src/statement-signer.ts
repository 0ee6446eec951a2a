import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { PhalanxError, toBase64 } from '@phalanx/core';
import type { AttestationErrorCode } from './attestation-error.js';

/** Signs statements with a key that lies somewhere: in a file or a token. */
export interface StatementSigner {
  /** DER of the SubjectPublicKeyInfo, see `parsePublicKey`. */
  readonly publicKey: Uint8Array;
  /** ECDSA over SHA-256 of the message, as the DER of RFC 3279 section 2.2.3. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** DER of a SubjectPublicKeyInfo for P-256 up to the coordinates (RFC 5480), the point uncompressed. */
const P256_SPKI = Uint8Array.of(
  ...[0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
  ...[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04],
);
const POINT_BYTES = 64;

/**
 * A P-256 key that this process holds. Sigstore has no Ed25519 that all its verifiers take: Rekor v2 dropped it.
 *
 * @throws PhalanxError `ATTESTATION_KEY` for a key of another kind
 */
export function statementSignerOf(privateKey: KeyObject): StatementSigner {
  if (privateKey.type !== 'private') throw keyError('it is not private');
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
  parsePublicKey(publicKey);
  return { publicKey, sign: (message) => new Uint8Array(sign('sha256', message, privateKey)) };
}

/**
 * Reads a public key in the one encoding that is used here: 91 bytes, P-256 by name, the point uncompressed and on the curve.
 *
 * @throws PhalanxError `ATTESTATION_KEY`
 */
export function parsePublicKey(spki: Uint8Array): KeyObject {
  const head = spki.subarray(0, P256_SPKI.length);
  if (spki.length !== P256_SPKI.length + POINT_BYTES || Buffer.compare(head, P256_SPKI) !== 0)
    throw keyError('it is not the SubjectPublicKeyInfo of an uncompressed P-256 point');
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw keyError('its point is not on the curve', cause);
  }
}

/** What bundles name a key by: Base64 of SHA-256 over its SubjectPublicKeyInfo, as cosign does. */
export function keyHintOf(spki: Uint8Array): string {
  return toBase64(createHash('sha256').update(spki).digest());
}

/** The key as a PEM file, for `openssl`. */
export function formatPublicKeyPem(spki: Uint8Array): string {
  return parsePublicKey(spki).export({ format: 'pem', type: 'spki' }).toString();
}

function keyError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_KEY', `not a key for statements: ${what}`, {
    cause,
    advice: 'Use an ECDSA key on P-256.',
  });
}
