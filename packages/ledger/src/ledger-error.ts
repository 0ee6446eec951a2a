/** Why a call of this package failed. */
export type LedgerErrorCode =
  /** A verifier key is malformed, of an unsupported type, or weak. */
  | 'LEDGER_KEY'
  /** Not a signed note. */
  | 'LEDGER_NOTE'
  /** A signature by a known key does not verify. */
  | 'LEDGER_SIGNATURE'
  /** No known key signed. */
  | 'LEDGER_UNSIGNED'
  /** The note text is no checkpoint. */
  | 'LEDGER_CHECKPOINT'
  /** A proof is malformed, or does not lead to the checkpoint. */
  | 'LEDGER_PROOF'
  /** A trust policy is malformed. */
  | 'LEDGER_POLICY'
  /** Too few witnesses cosigned. */
  | 'LEDGER_QUORUM'
  /** A tile or an entry bundle is malformed, or its path is. */
  | 'LEDGER_TILE'
  /** A write or a sync failed; what is on the disk is unknown. */
  | 'LEDGER_DISK'
  /** Data that was acknowledged is missing or altered. */
  | 'LEDGER_CORRUPT'
  /** The disk holds less, or another tree, than was signed. */
  | 'LEDGER_ROLLBACK'
  /** Another process has the log open. */
  | 'LEDGER_LOCKED';
