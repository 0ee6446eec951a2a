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
  /** The log's checkpoint has too few cosignatures for the policy. */
  | 'EVIDENCE_LOG'
  /** Leaves, openings, samples or claims do not fit the log or one another. */
  | 'EVIDENCE_RECORD'
  /** Not an age recipient or identity. */
  | 'EVIDENCE_RECIPIENT'
  /** Not an age file, altered, or for somebody else. */
  | 'EVIDENCE_AGE';
