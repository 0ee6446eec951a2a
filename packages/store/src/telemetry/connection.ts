import { PhalanxError } from '@phalanx/core';
import type { StoreErrorCode } from '../errors.js';
import type { NativeBlock } from './native.js';

/** Which rows of an insert are meant. */
export interface RowFilter {
  /** Columns of the bytes with their types. */
  readonly structure: readonly string[];
  /** A condition on them. */
  readonly where: string;
}

/** A connection to a ClickHouse engine, in process or by HTTP. Both speak the same SQL. */
export interface EngineConnection {
  /** Runs one statement that returns nothing. */
  exec(sql: string): Promise<void>;
  /**
   * Inserts Native bytes; `columns` are the table's columns that the bytes hold, by name.
   * Resolves when the engine says the rows are written.
   */
  insertNative(table: string, columns: readonly string[], bytes: Uint8Array, only?: RowFilter): Promise<void>;
  /** Runs one SELECT (without FORMAT) and reads all its rows. */
  queryNative(sql: string): Promise<NativeBlock>;
  /** Whether the engine answers within ten seconds. */
  isAlive(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Settings of every statement.
 *
 * The memory limits keep the process under 4 GB: what passes half of a query's share spills to disk. A block of old
 * logs may touch more than the default 100 days. `max_query_size` admits a list of 100,000 accounts (2 MB of text).
 * Compression of the transport is left to the client.
 */
export const SESSION_SETTINGS: Readonly<Record<string, number>> = {
  max_memory_usage: 2_500_000_000,
  max_bytes_before_external_group_by: 800_000_000,
  max_bytes_before_external_sort: 800_000_000,
  max_query_size: 64_000_000,
  max_partitions_per_insert_block: 0,
  max_insert_threads: 1,
  do_not_merge_across_partitions_select_final: 1,
  distributed_foreground_insert: 1,
  prefer_localhost_replica: 1,
};

/** Turns an engine's complaint into a `PhalanxError`, keeping it as the cause. */
export function engineError(cause: unknown, doing: string): PhalanxError<StoreErrorCode> {
  if (PhalanxError.is<StoreErrorCode>(cause)) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = String(/Code: (\d+)/.exec(message)?.[1] ?? (cause as { code?: unknown } | null)?.code);
  const said = message.slice(0, 500);
  if (code === MEMORY_LIMIT_EXCEEDED)
    return new PhalanxError('STORE_LIMIT', `${doing} passed the memory limit: ${said}`, {
      cause,
      advice: 'Ask for a shorter window.',
    });
  if (UNREACHABLE_CODES.has(code) || UNREACHABLE.test(message))
    return new PhalanxError('STORE_UNAVAILABLE', `${doing}: the server is unreachable: ${said}`, {
      cause,
      retryable: true,
      advice: 'Try again later; check the telemetry URL.',
    });
  return new PhalanxError('STORE_QUERY', `${doing} failed: ${said}`, { cause });
}

const MEMORY_LIMIT_EXCEEDED = '241';
/** ClickHouse: attempt to read after EOF, DNS error, socket timeout, network error, all connection tries failed. */
const UNREACHABLE_CODES: ReadonlySet<string> = new Set(['32', '198', '209', '210', '279']);
/** Node's socket errors (in the message of an aggregate, too) and the client's own. */
const UNREACHABLE =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|socket hang up|Timeout error|aborted/i;

/** The first words of a statement, for messages: never a literal, which may be a password. */
export function nameStatement(sql: string): string {
  return /^\s*\w+(?:\s+\w+){0,3}/.exec(sql)?.[0].trim() ?? 'a statement';
}
