import { PhalanxError } from '@phalanx/core';
import { lockDirectory } from '../directory-lock.js';
import type { StoreErrorCode } from '../errors.js';
import { openChdb } from './chdb.js';
import { type ClickhouseAddress, openClickhouse } from './clickhouse.js';
import { openTopology } from './cluster-topology.js';
import type { EngineConnection } from './connection.js';
import { CopiedTables } from './copied-tables.js';
import { MIGRATIONS, SCHEMA_VERSION } from './migrations.js';
import { encodeNative } from './native.js';
import { type Layout, TABLES } from './schema.js';
import { openOwnTables, type TableAccess } from './table-access.js';
import { TelemetryStore } from './telemetry-store.js';

/** Where the telemetry lies: a directory of this machine, or a ClickHouse server or cluster. */
export type TelemetryStoreOptions =
  | { readonly path: string }
  | (ClickhouseAddress & {
      /** Name of the cluster in the servers' `remote_servers`; absent means one server. */
      readonly cluster?: string;
      /**
       * Who keeps the copies of a shard equal: `keeper` (default; ReplicatedMergeTree, `internal_replication=true`) or
       * the `store` itself, for clusters without Keeper; then `url` lists every node. See `CopiedTables`.
       */
      readonly replication?: 'keeper' | 'store';
    });

/**
 * Opens the telemetry store and brings its schema up to date.
 *
 * A directory has one owner: a second opener is refused while the first lives. A cluster that the store itself
 * replicates must have one writing process; stale copies are repaired before the store is handed out.
 *
 * @throws PhalanxError `STORE_LOCKED`, `STORE_ONE_PER_PROCESS`, `STORE_ENGINE_MISSING`, `STORE_UNAVAILABLE`,
 *   `STORE_ARGUMENT` for a cluster that the server does not know, or `STORE_SCHEMA_NEWER` when a newer Phalanx wrote
 *   the data.
 */
export async function openTelemetryStore(options: TelemetryStoreOptions): Promise<TelemetryStore> {
  if ('path' in options) {
    const lock = await lockDirectory(options.path);
    try {
      const connection = await openChdb(options.path);
      const tables = openOwnTables(connection, null);
      return await startStore(
        tables,
        () => migrate(connection, { kind: 'single' }),
        () => lock.release(),
      );
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
  const { cluster, replication } = options;
  if (cluster !== undefined && replication === 'store') {
    const topology = await openTopology(options, cluster);
    const tables = new CopiedTables(topology, options, (node) => migrate(node, { kind: 'copies', cluster }));
    return startStore(
      tables,
      () => tables.repair(),
      async () => undefined,
    );
  }
  const connection = await openClickhouse(options);
  const layout: Layout = cluster === undefined ? { kind: 'single' } : { kind: 'replicated', cluster };
  return startStore(
    openOwnTables(connection, cluster ?? null),
    () => migrate(connection, layout),
    async () => undefined,
  );
}

async function startStore(
  tables: TableAccess,
  prepare: () => Promise<unknown>,
  release: () => Promise<void>,
): Promise<TelemetryStore> {
  try {
    await prepare();
    return new TelemetryStore(tables, await lastVersion(tables), release);
  } catch (error) {
    await tables.close();
    throw error;
  }
}

/** Runs the migrations that the data behind a connection have not had. */
async function migrate(connection: EngineConnection, layout: Layout): Promise<void> {
  const found = await readSchemaVersion(connection);
  if (found > SCHEMA_VERSION)
    throw new PhalanxError<StoreErrorCode>(
      'STORE_SCHEMA_NEWER',
      `the data have schema ${found}, this program knows up to ${SCHEMA_VERSION}`,
      { advice: 'Use the Phalanx version that wrote them, or a later one.' },
    );
  for (const migration of MIGRATIONS) {
    if (migration.version <= found) continue;
    for (const statement of migration.statements(layout)) await connection.exec(statement);
    const version = BigUint64Array.of(BigInt(migration.version));
    const bytes = encodeNative({
      rows: 1,
      columns: [
        { name: 'one', type: 'UInt8', values: Uint8Array.of(1) },
        { name: 'version', type: 'UInt64', values: version },
      ],
    });
    await connection.insertNative(TABLES.schemaVersion.name, ['one', 'version'], bytes);
  }
}

async function readSchemaVersion(connection: EngineConnection): Promise<number> {
  const there = await connection.queryNative(
    `SELECT count() AS n FROM system.tables
     WHERE database = currentDatabase() AND name = '${TABLES.schemaVersion.name}'`,
  );
  if (Number(there.columns[0]!.values[0]) === 0) return 0;
  const found = await connection.queryNative(`SELECT max(version) AS v FROM ${TABLES.schemaVersion.name}`);
  return Number(found.columns[0]!.values[0]);
}

/** The highest row version in any table, so that the next write wins even if the clock went back. */
async function lastVersion(tables: TableAccess): Promise<bigint> {
  const versioned = [TABLES.accounts, TABLES.interventions, TABLES.ingestProgress, TABLES.findings];
  const block = await tables.read(
    (relation) =>
      `SELECT max(v) AS v FROM (${versioned
        .map((table) => `SELECT max(version) AS v FROM ${relation(table)}`)
        .join(' UNION ALL ')})`,
  );
  return (block.columns[0]!.values as BigUint64Array)[0] ?? 0n;
}
