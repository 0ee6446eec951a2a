/** Why a call of this package failed. */
export type EvidenceErrorCode =
  /** A bag breaks RFC 8493 or the profile of it that `bag.ts` states. */
  | 'EVIDENCE_BAG'
  /** A file that a bag lists is missing, or one is there that it does not list. */
  | 'EVIDENCE_BAG_INCOMPLETE'
  /** A file of a bag is another than its manifest says. */
  | 'EVIDENCE_BAG_ALTERED'
  /** What is to be made is there already. */
  | 'EVIDENCE_EXISTS'
  /** More files, bytes or entries than are read. */
  | 'EVIDENCE_LIMIT'
  /** Not an in-toto statement. */
  | 'EVIDENCE_STATEMENT'
  /** Not a DSSE envelope. */
  | 'EVIDENCE_ENVELOPE'
  /** A key is malformed or of a kind that is not used here. */
  | 'EVIDENCE_KEY'
  /** A signature does not verify, or is by another key. */
  | 'EVIDENCE_SIGNATURE'
  /** Not a Sigstore bundle, or not in the one form that is asked for. */
  | 'EVIDENCE_BUNDLE'
  /** Not a Sigstore trusted root, or one that leaves a validity open. */
  | 'EVIDENCE_TRUSTED_ROOT'
  /** What a bundle says about the log does not lead to a checkpoint of a trusted log, or is about something else. */
  | 'EVIDENCE_LOG'
  /** Leaves, openings, samples or claims do not fit the log or one another. */
  | 'EVIDENCE_RECORD'
  /** A time stamp is malformed, is about something else, or is by nobody who is trusted. */
  | 'EVIDENCE_TIMESTAMP'
  /** A time stamping authority did not answer, or refused. */
  | 'EVIDENCE_TIMESTAMP_AUTHORITY'
  /** Not an age recipient or identity. */
  | 'EVIDENCE_RECIPIENT'
  /** Not an age file, altered, or for somebody else. */
  | 'EVIDENCE_AGE';
