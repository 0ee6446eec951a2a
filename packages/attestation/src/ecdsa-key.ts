import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import type { AttestationErrorCode } from './attestation-error.js';
import { readBlocks } from './pem.js';

/** The hashes that ECDSA is used with here. */
export type EcdsaHash = 'sha256' | 'sha384' | 'sha512';

/** A public key on P-256, P-384 or P-521, and the hash that Sigstore pairs with its curve (protobuf-specs, `PublicKeyDetails`). */
export interface EcdsaKey {
  readonly key: KeyObject;
  readonly hash: EcdsaHash;
}

const HASHES: Readonly<Record<string, EcdsaHash>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
};

/**
 * The public half of a key.
 *
 * @throws PhalanxError `ATTESTATION_KEY` for a key of another kind
 */
export function ecdsaKeyOf(key: KeyObject): EcdsaKey {
  const isEc = key.type !== 'secret' && key.asymmetricKeyType === 'ec';
  const hash = isEc ? HASHES[key.asymmetricKeyDetails?.namedCurve ?? ''] : undefined;
  if (hash === undefined) throw keyError('it is not one of P-256, P-384 or P-521');
  return { key: key.type === 'private' ? createPublicKey(key) : key, hash };
}

/**
 * Reads a PEM file of one public key, and of nothing else.
 *
 * @throws PhalanxError `ATTESTATION_KEY`
 */
export function readEcdsaKey(pem: Uint8Array): EcdsaKey {
  const [der, ...more] = readBlocks(pem, 'PUBLIC KEY');
  if (der === undefined || more.length > 0) throw keyError('it is not a PEM file of one public key');
  try {
    return ecdsaKeyOf(createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }));
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw keyError('it is malformed', cause);
  }
}

/**
 * Whether a signature, the DER of RFC 3279 section 2.2.3, is by this key.
 *
 * @param hash when another than the curve's was used
 */
export function verifyEcdsa(
  { key, hash: own }: EcdsaKey,
  message: Uint8Array,
  signature: Uint8Array,
  hash: EcdsaHash = own,
): boolean {
  return verify(hash, message, key, signature);
}

function keyError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_KEY', `not a key for signatures: ${what}`, {
    cause,
    advice: 'Use an ECDSA key on P-256, P-384 or P-521.',
  });
}
