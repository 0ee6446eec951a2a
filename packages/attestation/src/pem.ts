import { PhalanxError } from '@phalanx/core';
import type { AttestationErrorCode } from './attestation-error.js';
import { parsePublicKey } from './statement-signer.js';

const BLOCK = /-----BEGIN ([A-Z ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----/g;
const MAX_BYTES = 1_000_000;

/** DER of the public key in a PEM file, see `parsePublicKey`. @throws PhalanxError `ATTESTATION_KEY` */
export function readPublicKey(pem: Uint8Array): Uint8Array {
  const [der, ...more] = readBlocks(pem, 'PUBLIC KEY');
  if (der === undefined || more.length > 0)
    throw new PhalanxError<AttestationErrorCode>('ATTESTATION_KEY', 'not a PEM file of one public key');
  parsePublicKey(der);
  return der;
}

/** DER of the certificates in a PEM file, in their order; none when there is none. */
export function readCertificates(pem: Uint8Array): Uint8Array[] {
  return readBlocks(pem, 'CERTIFICATE');
}

/** PEM of certificates (RFC 7468). */
export function formatCertificates(certificates: readonly Uint8Array[]): string {
  return certificates
    .map((der) => {
      const lines =
        Buffer.from(der)
          .toString('base64')
          .match(/.{1,64}/g) ?? [];
      return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
    })
    .join('');
}

/** What stands in a PEM file under a label; none in a file above a megabyte. */
export function readBlocks(pem: Uint8Array, label: string): Uint8Array[] {
  if (pem.length > MAX_BYTES) return [];
  const text = Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength).toString('latin1');
  return [...text.matchAll(BLOCK)]
    .filter(([, found]) => found === label)
    .map(([, , body]) => new Uint8Array(Buffer.from(body!, 'base64')));
}
