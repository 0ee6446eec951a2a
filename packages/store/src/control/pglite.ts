import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { PostgresPool } from 'kysely';
import { lockDirectory } from '../directory-lock.js';
import { COLUMN_PARSERS } from './column-values.js';
import { describeEngineError } from './engine-error.js';
import { PglitePool } from './pglite-pool.js';
import { PLANNER_SETTINGS } from './planner-settings.js';
import { SyncedNodeFs } from './synced-node-fs.js';

/** PGlite's own parameters without `-F`, which would switch fsync off; see `SyncedNodeFs`. */
export const SYNCED_START = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  ...['-c', 'fsync=on', '-c', 'wal_sync_method=fsync', '-c', 'synchronous_commit=on'],
  ...PLANNER_SETTINGS.flatMap((setting) => ['-c', setting]),
];

/**
 * PostgreSQL in this process, its files in `<dataDir>/control`. The first opening makes them and takes about 4 s of processor time,
 * later ones 0.5 s. A statement runs on the calling thread and holds it until it is done; there is one connection.
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
    if (!existsSync(files)) await makeFiles(files);
    const pglite = await openFiles(files);
    await pglite.exec('VACUUM (ANALYZE)');
    return new PglitePool(pglite, () => lock.release());
  } catch (error) {
    await lock.release();
    throw describeEngineError(error);
  }
}

/** Under another name until they are whole and on the disk: initdb does not sync, and may be killed half way. */
async function makeFiles(files: string): Promise<void> {
  const draft = `${files}.new`;
  await rm(draft, { recursive: true, force: true });
  await (await openFiles(draft)).close();
  for (const entry of await readdir(draft, { recursive: true })) await syncPath(join(draft, entry));
  await syncPath(draft);
  await rename(draft, files);
  await syncPath(dirname(files));
}

function openFiles(files: string): Promise<PGlite> {
  return PGlite.create({
    fs: new SyncedNodeFs(files),
    startParams: SYNCED_START,
    relaxedDurability: false,
    parsers: COLUMN_PARSERS,
  });
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
