import { PhalanxError } from '@phalanx/core';
import type { Account, Exchange } from '@phalanx/domain';
import type { JsonObject } from '@phalanx/wire';
import type { KnownKey, RowScanner } from '../scanner/row-scanner.js';

/** One row of a source as decoded: a JSON object, or a CSV or Parquet record by column name. */
export type Row = JsonObject;

/** An intervention as a source row states it: what the provider did to an account, when, in which random arm. */
export interface Intervention {
  readonly id: string;
  readonly accountId: string;
  readonly kind: 'delay' | 'throttle' | 'verify' | 'suspend';
  readonly arm: '' | 'treated' | 'control';
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a row yields. */
export type Ingested =
  | { readonly kind: 'exchange'; readonly exchange: Exchange }
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'intervention'; readonly intervention: Intervention }
  /** One of several records in the row is unusable; the others stand. */
  | { readonly kind: 'rejected'; readonly reason: string };

/** What a format may know besides the row. */
export interface RowContext {
  /** The account that rows without one belong to, when the operator named it. */
  readonly defaultAccountId?: string;
  /** The request of an OpenAI batch by its custom id, or null. */
  readonly findBatchRequest?: (customId: string) => Row | null;
}

/** One source format. A new one is one file and one line in `formats/registry.ts`. */
export interface Format {
  readonly name: string;
  /** One line for the list of formats. */
  readonly title: string;
  /** 0 = certainly not, 1 = certainly. Pure; looks at one row. */
  detect(row: Row): number;
  /**
   * What the row yields; empty for a row that is of this format but no exchange (an agent span, a trace header).
   * Pure.
   *
   * @throws PhalanxError `INGEST_ROW` (or wire's `WIRE_BODY`) with the reason when the row is unusable.
   */
  read(row: Row, context: RowContext): readonly Ingested[];
  /** A shorter way for rows of the form that this format mostly has. */
  readonly scanned?: ScannedForm;
}

/** The members of a row that matter, and how to read them from a scanner's tape. */
export interface ScannedForm {
  readonly keys: readonly KnownKey[];
  /**
   * What `read` would yield for the row on the tape, or null for "read it the ordinary way".
   *
   * @throws whatever `read` would throw.
   */
  readTape(tape: RowScanner, context: RowContext): readonly Ingested[] | null;
}

/** Reads one of several records in a row, so that a bad one does not take the others with it. */
export function readPart(read: () => readonly Ingested[]): readonly Ingested[] {
  try {
    return read();
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    return [{ kind: 'rejected', reason: error.message }];
  }
}
