import { setTimeout as sleep } from 'node:timers/promises';
import { type EngineConnection, engineError } from './connection.js';
import { encodeNative, type NativeBlock, type NativeColumn } from './native.js';
import type { TableSource } from './schema.js';

/** How the store reaches its tables, whatever number of nodes they lie on. */
export interface TableAccess {
  /** Runs a SELECT built around the readable name of each table. May run it again when a node dies under it. */
  read(build: (relation: (table: TableSource) => string) => string): Promise<NativeBlock>;
  /** Inserts Native bytes. When it resolves, the rows are durable and visible to `read`. */
  insert(table: TableSource, columns: readonly string[], bytes: Uint8Array): Promise<void>;
  /** Runs a statement about a table's own storage (OPTIMIZE, DROP PARTITION) wherever the table lies. */
  maintain(table: TableSource, build: (target: string) => string): Promise<void>;
  /** Makes copies equal again, where that is the store's business. Returns the partitions copied. */
  repair?(): Promise<number>;
  close(): Promise<void>;
}

/** Inserts columns of equal length. Nothing happens for zero rows. */
export async function insertColumns(
  access: TableAccess,
  table: TableSource,
  columns: readonly NativeColumn[],
): Promise<void> {
  const first = columns[0];
  const rows = first
    ? first.values.length / (/^FixedString\((\d+)\)$/.test(first.type) ? widthOf(first) : 1)
    : 0;
  if (rows === 0) return;
  const bytes = encodeNative({ rows, columns });
  await access.insert(
    table,
    columns.map((column) => column.name),
    bytes,
  );
}

function widthOf(column: NativeColumn): number {
  return Number(column.type.slice(12, -1));
}

/** Waits before each further try, in milliseconds: a killed node is noticed at once, a busy one needs a moment. */
const READ_PAUSES = [100, 1000, 4000];

/** Repeats a read that lost its node: reads change nothing. */
export async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await read();
    } catch (cause) {
      const error = engineError(cause, 'a read');
      const pause = READ_PAUSES[tries];
      if (!error.retryable || pause === undefined) throw error;
      await sleep(pause);
    }
  }
}

/**
 * Tables behind one connection: a single node, or a cluster that replicates by itself.
 *
 * On a replicated cluster an insert is acknowledged when one living replica of each shard has it on disk
 * (`distributed_foreground_insert`); the others fetch it. A read may meet a replica that is still fetching.
 */
export function openOwnTables(connection: EngineConnection, cluster: string | null): TableAccess {
  return {
    read: (build) => readAgain(() => connection.queryNative(build((table) => table.name))),
    insert: (table, columns, bytes) => connection.insertNative(table.name, columns, bytes),
    maintain(table, build) {
      const local = cluster !== null && table.shardBy ? `${table.name}_local` : table.name;
      return connection.exec(build(cluster === null ? local : `${local} ON CLUSTER \`${cluster}\``));
    },
    close: () => connection.close(),
  };
}
