import { PhalanxError } from '@phalanx/core';
import type { AttestationErrorCode } from './attestation-error.js';
import { findSigningPath, type ReadCertificate, readCertificate } from './certificate-path.js';
import { type EcdsaKey, ecdsaKeyOf } from './ecdsa-key.js';

/** Whom a chain of certificates names. */
export interface CertifiedSigner {
  readonly key: EcdsaKey;
  /** Attributes of the name, one a line. */
  readonly subject: string;
  /** Subject of the self-signed certificate at the end of the path. */
  readonly root: string;
  /** Validity of the signer's own certificate, milliseconds since 1970; both ends count. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** More than any chain has. */
const MAX_CHAIN = 16;
/** A system's list of authorities has some 150. */
const MAX_ROOTS = 1_000;

/**
 * Verifies a chain for signing files: a path leads from its first certificate to a self-signed one among `roots` (see `findSigningPath`).
 *
 * @param chain DER, the signer's first; the others may stand in any order
 * @param timeMs when every part must have been valid; by default the moment from which the signer's is: a chain shows no time of the
 *   signature, so this asks whether the certificate was ever good, and a caller who wants more compares `toMs`
 * @throws PhalanxError `ATTESTATION_SIGNATURE`; `ATTESTATION_KEY` when the signer's key is not on P-256, P-384 or P-521
 */
export function verifySigningChain(
  chain: readonly Uint8Array[],
  roots: readonly Uint8Array[],
  timeMs?: number,
): CertifiedSigner {
  if (chain.length === 0 || chain.length > MAX_CHAIN)
    throw chainError(`${chain.length} certificates, not 1 to ${MAX_CHAIN}`);
  if (roots.length > MAX_ROOTS) throw chainError(`more than ${MAX_ROOTS} trusted certificates`);
  const [signer, ...others] = chain.map(read);
  const fromMs = signer!.parsed.notBefore.value.getTime();
  // One that cannot be read leads nowhere; lists of systems have some.
  const trusted = roots.map(readCertificate).filter((root) => root !== null);
  const path = findSigningPath(signer!, trusted, others, timeMs ?? fromMs);
  if (path === null)
    throw chainError('no path leads from it to a trusted certificate, or it may not sign', {
      advice: 'Get the root certificate from the signer, not from the signature.',
    });
  return {
    key: ecdsaKeyOf(signer!.x509.publicKey),
    subject: signer!.x509.subject,
    root: path.at(-1)!.x509.subject,
    fromMs,
    toMs: signer!.parsed.notAfter.value.getTime(),
  };
}

function read(der: Uint8Array): ReadCertificate {
  const certificate = readCertificate(der);
  if (certificate === null) throw chainError('a certificate is malformed');
  return certificate;
}

function chainError(what: string, options: { advice?: string } = {}): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_SIGNATURE', `the certificate cannot be trusted: ${what}`, options);
}
