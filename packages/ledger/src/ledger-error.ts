/** Why a call of this package failed. */
export type LedgerErrorCode =
  /** A verifier key is malformed, of an unsupported type, or weak. */
  | 'LEDGER_KEY'
  /** A file with a secret is there already, cannot be written, may be read by others, or is of another format. */
  | 'LEDGER_KEY_FILE'
  /** A passphrase is too short, or does not open the file. */
  | 'LEDGER_PASSPHRASE'
  /** A PKCS#11 module, token, PIN or key does not serve; retryable when its session was lost. */
  | 'LEDGER_TOKEN'
  /** A share of a FROST key or its holder's part is false, or too few holders answered. */
  | 'LEDGER_SHARE'
  /** Not a key rotation that both keys signed. */
  | 'LEDGER_ROTATION'
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
  | 'LEDGER_LOCKED'
  /** A server does not answer, or not within limits. */
  | 'LEDGER_REMOTE'
  /** What a log's server shows does not fit its checkpoint. */
  | 'LEDGER_UNPROVED'
  /** The clock went back, or further ahead than is filled. */
  | 'LEDGER_CLOCK';
