/** Why a call of this package failed. */
export type RecordErrorCode =
  /** Bytes are no leaf of this version. */
  | 'RECORD_LEAF'
  /** An opening is malformed, or does not lead to the commitment in its leaf. */
  | 'RECORD_OPENING'
  /** Files beside the log do not fit it. */
  | 'RECORD_CORRUPT'
  /** An earlier call failed: nothing is logged any more. */
  | 'RECORD_STOPPED'
  /** An account is under legal hold. */
  | 'RECORD_HELD'
  /** No exchange of this account is on record. */
  | 'RECORD_UNKNOWN';
