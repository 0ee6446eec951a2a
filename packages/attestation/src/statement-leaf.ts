import { createHash } from 'node:crypto';
import { canonicalJson, toBase64, utf8 } from '@phalanx/core';
import { type Envelope, encodePreAuth } from './dsse.js';
import { parsePublicKey } from './statement-signer.js';

/** Kind and version of the log entry, as bundles name them. */
export const LEAF_KIND = { kind: 'hashedrekord', version: '0.0.2' } as const;

/**
 * The log entry of a signed statement: a Rekor v2 `hashedrekord` 0.0.2 over the bytes that were signed, as canonical JSON. It holds
 * a hash of the statement, the signature and the key, so that the log tells nothing of the content.
 *
 * Verifiers differ in what they take: sigstore-go 1.3.0 only this kind, and it makes these bytes again by itself; `@sigstore/verify` 4.1.3
 * this and `dsse` 0.0.2; 3.1.1 for an envelope only `dsse`, but this when the bundle is given as the signature of a message, see
 * `formatMessageBundle`.
 *
 * @param publicKey see `parsePublicKey`
 * @throws PhalanxError `ATTESTATION_KEY`
 */
export function makeStatementLeaf(envelope: Envelope, publicKey: Uint8Array): Uint8Array {
  parsePublicKey(publicKey);
  const signed = encodePreAuth(envelope.payloadType, envelope.payload);
  return utf8(
    canonicalJson({
      apiVersion: LEAF_KIND.version,
      kind: LEAF_KIND.kind,
      spec: {
        hashedRekordV002: {
          data: { algorithm: 'SHA2_256', digest: toBase64(createHash('sha256').update(signed).digest()) },
          signature: {
            content: toBase64(envelope.signature),
            verifier: {
              keyDetails: 'PKIX_ECDSA_P256_SHA_256',
              publicKey: { rawBytes: toBase64(publicKey) },
            },
          },
        },
      },
    }),
  );
}
