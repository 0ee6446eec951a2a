import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { COLUMN_PARSERS } from '../column-values.js';
import { ControlStore } from '../control-store.js';
import { PglitePool } from '../pglite-pool.js';

/**
 * PGlite in memory, for tests, demonstrations and measurements. Making the files of an empty database takes 4 s of processor time,
 * reading them 0.5 s: the first use on a machine keeps them in the directory for temporary files (40 MB), under PGlite's version.
 */
export async function openTemporaryPglite(): Promise<PGlite> {
  const image = await imagePath();
  const made = await readImage(image);
  if (made !== null) return PGlite.create({ parsers: COLUMN_PARSERS, loadDataDir: new Blob([made]) });
  const pglite = await PGlite.create({ parsers: COLUMN_PARSERS });
  const files = await pglite.dumpDataDir('none');
  const draft = `${image}.${process.pid}`;
  try {
    await writeFile(draft, new Uint8Array(await files.arrayBuffer()), { mode: 0o600 });
    await rename(draft, image);
  } finally {
    await rm(draft, { force: true });
  }
  return pglite;
}

/** A control store in memory, gone when it is closed. */
export async function openTemporaryControlStore(): Promise<ControlStore> {
  const pglite = await openTemporaryPglite();
  return ControlStore.open(new PglitePool(pglite, async () => undefined));
}

async function imagePath(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const manifest = await readFile(join(dirname(entry), '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return join(tmpdir(), `phalanx-empty-pglite-${version}-${process.getuid?.() ?? ''}.tar`);
}

/** Null when there is none, or one that another user has put there. */
async function readImage(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    if ((await stat(path)).uid !== (process.getuid?.() ?? 0)) return null;
    return new Uint8Array(await readFile(path));
  } catch {
    return null;
  }
}
