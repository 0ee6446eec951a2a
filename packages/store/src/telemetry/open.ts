import { PhalanxError } from '@phalanx/core';
import { lockDirectory } from '../directory-lock.js';
import type { StoreErrorCode } from '../errors.js';
import { openChdb } from './chdb.js';
import { type ClickhouseAddress, openClickhouse } from './clickhouse.js';
import type { EngineConnection } from './connection.js';
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
    });

/**
 * Opens the telemetry store and brings its schema up to date.
 *
 * A directory has one owner: a second opener is refused while the first lives.
 *
 * @throws PhalanxError `STORE_LOCKED`, `STORE_ONE_PER_PROCESS`, `STORE_ENGINE_MISSING`, `STORE_UNAVAILABLE`, or
 *   `STORE_SCHEMA_NEWER` when a newer Phalanx wrote the data.
 */
export async function openTelemetryStore(options: TelemetryStoreOptions): Promise<TelemetryStore> {
  if ('path' in options) {
    const lock = await lockDirectory(options.path);
    try {
      return await openTables(await openChdb(options.path), null, () => lock.release());
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
  return openTables(await openClickhouse(options), options.cluster ?? null, async () => undefined);
}

async function openTables(
  connection: EngineConnection,
  cluster: string | null,
  release: () => Promise<void>,
): Promise<TelemetryStore> {
  try {
    const layout: Layout = cluster === null ? { kind: 'single' } : { kind: 'replicated', cluster };
    const tables = openOwnTables(connection, cluster);
    await migrate(connection, tables, layout);
    return new TelemetryStore(tables, await lastVersion(tables), release);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Runs the migrations that the data have not had. */
export async function migrate(
  connection: EngineConnection,
  tables: TableAccess,
  layout: Layout,
): Promise<void> {
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
    await tables.insert(TABLES.schemaVersion, ['one', 'version'], bytes);
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
