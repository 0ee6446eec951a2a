import { createPublicKey, type KeyObject } from 'node:crypto';

/** An Ed25519 public key of 32 bytes as node:crypto takes it (RFC 8037). Does not judge the point: `makeVerifierKey` does. */
export function publicKeyOf(bytes: Uint8Array): KeyObject {
  const x = Buffer.from(bytes).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
