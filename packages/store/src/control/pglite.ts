import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { PostgresPool } from 'kysely';
import { lockDirectory } from '../directory-lock.js';
import { COLUMN_PARSERS } from './column-values.js';
import { describeEngineError } from './engine-error.js';
import { PglitePool } from './pglite-pool.js';
import { SyncedNodeFs } from './synced-node-fs.js';

/** PGlite's own parameters without `-F`, which would switch fsync off; see `SyncedNodeFs`. */
const SYNCED_START = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  ...['-c', 'fsync=on', '-c', 'wal_sync_method=fsync', '-c', 'synchronous_commit=on'],
];

/**
 * PostgreSQL in this process, its files in `<dataDir>/control`. The first opening makes them and takes about 3 s, later ones under
 * 1 s. A statement runs on the calling thread and holds it until it is done; there is one connection.
 *
 * @throws PhalanxError `STORE_LOCKED` while a living process, this one included, has it open; `STORE_QUERY` when the files cannot
 *   be opened
 */
export async function openPglite(dataDir: string): Promise<PostgresPool> {
  const directory = join(dataDir, 'control');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(directory);
  try {
    const files = join(directory, 'pgdata');
    const pglite = await PGlite.create({
      fs: new SyncedNodeFs(files),
      startParams: SYNCED_START,
      relaxedDurability: false,
      parsers: COLUMN_PARSERS,
    });
    return new PglitePool(pglite, () => lock.release());
  } catch (error) {
    await lock.release();
    throw describeEngineError(error);
  }
}
