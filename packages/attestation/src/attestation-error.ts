/** Why a call of this package failed. */
export type AttestationErrorCode =
  /** Not an in-toto statement. */
  | 'ATTESTATION_STATEMENT'
  /** Not a DSSE envelope. */
  | 'ATTESTATION_ENVELOPE'
  /** A key is malformed or of a kind that is not used here. */
  | 'ATTESTATION_KEY'
  /** A signature does not verify, or is by another key. */
  | 'ATTESTATION_SIGNATURE'
  /** Not a Sigstore bundle, or not in the one form that is asked for. */
  | 'ATTESTATION_BUNDLE'
  /** Not a Sigstore trusted root, or one that leaves a validity open. */
  | 'ATTESTATION_TRUSTED_ROOT'
  /** What a bundle says about the log does not lead to a checkpoint of a trusted log, or is about something else. */
  | 'ATTESTATION_LOG'
  /** A time stamp is malformed, is about something else, or is by nobody who is trusted. */
  | 'ATTESTATION_TIMESTAMP'
  /** A time stamping authority did not answer, or refused. */
  | 'ATTESTATION_TIMESTAMP_AUTHORITY';
