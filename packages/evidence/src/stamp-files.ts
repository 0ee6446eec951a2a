import type { Envelope, StatementSigner, VerifiedTimestamp } from '@phalanx/attestation';
import {
  formatCertificates,
  formatTrustedRoot,
  requestTimestamp,
  type TimestampAuthority,
  verifyStatementBundle,
} from '@phalanx/attestation';
import { type Clock, DAY_MS, PhalanxError, utf8 } from '@phalanx/core';
import type { VerifierKey } from '@phalanx/ledger';
import { BUNDLE } from './bundle-layout.js';
import type { Staging } from './staging.js';

/** Who stamps, and what a verifier of Sigstore must know besides. */
export interface StampRequest {
  /** Null: nobody but the log says when. */
  readonly timestamps: TimestampAuthority | null;
  readonly logKey: VerifierKey;
  readonly statements: StatementSigner;
  readonly clock: Clock;
}

/** A time stamp and what it says. */
export interface Stamp {
  readonly response: Uint8Array;
  readonly timestamp: VerifiedTimestamp;
}

const YEAR_MS = 365 * DAY_MS;

/** Stamps the signature of the statement, for Sigstore's verifiers, and the checkpoint, for everybody. */
export async function stageStamps(
  staging: Staging,
  { timestamps: authority, logKey, clock, statements }: StampRequest,
  envelope: Envelope,
  note: Uint8Array,
  bundle: (stamp: Uint8Array) => Uint8Array,
): Promise<Stamp | null> {
  if (authority === null) return null;
  const statement = await requestTimestamp(envelope.signature, authority);
  const checkpoint = await requestTimestamp(note, authority);
  staging.put(BUNDLE.statementStamp, statement.response);
  staging.put(BUNDLE.checkpointStamp, checkpoint.response);
  staging.put(BUNDLE.timestampAuthority, utf8(formatCertificates(authority.certificates)));
  // The log's key is believed for the time of this bundle: how long it is used is said by the log's own policy.
  const validity = { fromMs: clock.nowMs() - YEAR_MS, toMs: null };
  const trustedRoot = formatTrustedRoot({
    logs: [{ key: logKey, validity }],
    timestampAuthorities: [
      {
        uri: authority.url,
        organization: checkpoint.timestamp.authority.slice(0, 200),
        commonName: checkpoint.timestamp.authority.slice(0, 200),
        certificates: authority.certificates,
        validity,
      },
    ],
  });
  const sigstore = bundle(statement.response);
  if (isForSigstore(sigstore, trustedRoot, statements.publicKey)) {
    staging.put(BUNDLE.sigstore, sigstore);
    staging.put(BUNDLE.trustedRoot, trustedRoot);
  }
  return checkpoint;
}

/** Verifiers of Sigstore know stamps by ECDSA keys only; by others the stamps stand alone. */
function isForSigstore(bundle: Uint8Array, trustedRoot: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    verifyStatementBundle(bundle, { trustedRoot, publicKey });
    return true;
  } catch (error) {
    if (PhalanxError.is(error, 'ATTESTATION_TIMESTAMP')) return false;
    throw error;
  }
}
