import type { Declaration } from '@phalanx/domain';

/** What the provider knows of one account. Absent, 0n and '' all mean that the source did not say. */
export interface AccountRow {
  /** Keyed hash of `accountId`. */
  readonly account: bigint;
  readonly accountId: string;
  readonly organisation?: bigint;
  readonly createdAtMs?: number;
  readonly payment?: bigint;
  readonly signupNetwork?: bigint;
  readonly signupDevice?: bigint;
  readonly emailDomain?: string;
  readonly programme?: string;
  readonly declaration?: Declaration | '';
}

/** How far one source file has been read. Offsets are bytes of the decompressed stream. */
export interface IngestProgress {
  readonly offset: number;
  readonly rows: number;
  readonly rejected: number;
  readonly finished: boolean;
}

/** A finding as its JSON text; the store does not look inside. */
export interface FindingRow {
  readonly id: string;
  readonly atMs: number;
  readonly json: string;
}
