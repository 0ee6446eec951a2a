import type { Account } from '@phalanx/domain';
import type { Intervention } from './formats/format.js';

/** A row that could not be used. */
export interface RejectedRow {
  /** Position in the decompressed stream in bytes; for Parquet the row number. */
  readonly offset: number;
  /** Which line (JSONL), record (CSV), element (JSON) or row (Parquet) of its chunk, from 0. */
  readonly line: number;
  readonly reason: string;
  /** At most 4 KiB of the row. */
  readonly excerpt: string;
}

/** An account that traffic named. */
export interface SeenAccount {
  readonly accountId: string;
  readonly organisationId: string | undefined;
}

/** Texts of one exchange for the vault. */
export interface ExchangeTexts {
  readonly id: Uint8Array;
  readonly account: bigint;
  readonly atMs: number;
  readonly prompt: string;
  readonly response: string | null;
}

/** What one chunk came to. records = exchanges + accounts + interventions + ignored + rejected. */
export interface ChunkResult {
  /** One encoded `ExchangeBlock`, null when there is no exchange. */
  readonly block: Uint8Array<ArrayBuffer> | null;
  readonly lines: number;
  readonly records: number;
  readonly exchanges: number;
  readonly ignored: number;
  readonly rejected: readonly RejectedRow[];
  readonly seenAccounts: readonly SeenAccount[];
  readonly accounts: readonly Account[];
  readonly interventions: readonly Intervention[];
  readonly texts: readonly ExchangeTexts[];
  /** See `packObservations`; null without an exchange, or a log to write them to. */
  readonly observations: Uint8Array<ArrayBuffer> | null;
}
