import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { SYNCED_START } from './pglite.js';
import { SyncedNodeFs } from './synced-node-fs.js';
import { openTemporaryPglite } from './temporary/pglite.js';

/** The files of an empty PGlite as `openPglite` makes them, without the 4 s of initdb; `statements` run in it. */
export async function makePgliteFiles(files: string, statements = ''): Promise<void> {
  const empty = await openTemporaryPglite();
  const image = await empty.dumpDataDir('none');
  await empty.close();
  await mkdir(dirname(files), { recursive: true });
  const fs = new SyncedNodeFs(files);
  const pglite = await PGlite.create({ fs, startParams: SYNCED_START, loadDataDir: image });
  await pglite.exec(statements);
  await pglite.close();
}
