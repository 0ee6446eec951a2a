import { copyFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SYNCED_START } from './pglite.js';
import { makePgliteFiles } from './pglite-files.test.support.js';
import { PglitePool } from './pglite-pool.js';
import { SyncedNodeFs } from './synced-node-fs.js';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'phalanx-power-'));
  await makePgliteFiles(join(home, 'start'), 'CREATE TABLE kept (n int4)');
});
afterAll(() => rm(home, { recursive: true }));

interface Stream {
  readonly nfd: number;
  readonly node: unknown;
}
type Sync = (stream: Stream) => number;

/** Keeps beside the directory what would be on the disk if the power went: of each file what it was when it was synced last. */
class WitnessedFs extends SyncedNodeFs {
  readonly #from: string;
  readonly #disk: string;
  readonly #isSynced: boolean;

  constructor(from: string, disk: string, isSynced: boolean) {
    super(from);
    this.#from = from;
    this.#disk = disk;
    this.#isSynced = isSynced;
  }

  override async init(...args: Parameters<SyncedNodeFs['init']>): ReturnType<SyncedNodeFs['init']> {
    const { emscriptenOpts } = await super.init(...args);
    const witness = (module: unknown): void => {
      const nodeFs = (module as { NODEFS: { stream_ops: { fsync: Sync }; realPath(node: unknown): string } })
        .NODEFS;
      const sync = nodeFs.stream_ops.fsync;
      nodeFs.stream_ops.fsync = (stream) => {
        if (!this.#isSynced) return 0;
        const path = nodeFs.realPath(stream.node);
        const kept = join(this.#disk, path.slice(this.#from.length));
        if (statSync(path).isDirectory()) keepNames(path, kept);
        else copyFileSync(path, kept);
        return sync(stream);
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), witness] } };
  }
}

/** Says of each fsync what the disk says. */
class FailingFs extends SyncedNodeFs {
  readonly #disk: { readonly fails: boolean };

  constructor(files: string, disk: { readonly fails: boolean }) {
    super(files);
    this.#disk = disk;
  }

  override async init(...args: Parameters<SyncedNodeFs['init']>): ReturnType<SyncedNodeFs['init']> {
    const { emscriptenOpts } = await super.init(...args);
    const fail = (module: unknown): void => {
      const { stream_ops } = (module as { NODEFS: { stream_ops: { fsync: Sync } } }).NODEFS;
      const sync = stream_ops.fsync;
      stream_ops.fsync = (stream) => sync(this.#disk.fails ? { ...stream, nfd: -1 } : stream);
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), fail] } };
  }
}

/** What a synced directory is sure to hold: the names of its files, not what is in them. */
function keepNames(path: string, kept: string): void {
  for (const name of readdirSync(kept))
    if (!existsSync(join(path, name))) rmSync(join(kept, name), { recursive: true });
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isFile() && !existsSync(join(kept, entry.name))) writeFileSync(join(kept, entry.name), '');
}

/** Commits rows, pulls the plug, and reads what the disk has. */
async function loseThePower(isSynced: boolean): Promise<number> {
  const place = (name: string): string => join(home, `${name}-${isSynced}`);
  const [files, disk, left] = [place('files'), place('disk'), place('left')];
  await cp(join(home, 'start'), files, { recursive: true });
  await cp(files, disk, { recursive: true });

  const pglite = await PGlite.create({
    fs: new WitnessedFs(files, disk, isSynced),
    startParams: SYNCED_START,
  });
  for (let n = 1; n <= 12; n++) {
    await pglite.query('INSERT INTO kept VALUES ($1)', [n]);
    // Pages of the table reach the files before the log is needed no more.
    if (n === 6) await pglite.exec('CHECKPOINT');
  }
  await cp(disk, left, { recursive: true });
  await pglite.close();

  const after = await PGlite.create({ fs: new SyncedNodeFs(left), startParams: SYNCED_START });
  const { rows } = await after.query<{ n: number }>('SELECT count(*)::int4 AS n FROM kept');
  await after.close();
  return rows[0]!.n;
}

it('what was committed is on the disk when the power goes', { timeout: 240_000 }, async () => {
  expect(await loseThePower(true)).toBe(12);
});

it('would not be there if fsync did nothing, as it does without this file system', {
  timeout: 240_000,
}, async () => {
  expect(await loseThePower(false)).toBe(0);
});

it('a disk that fails stops the engine: nothing is acknowledged, nothing hangs, what was there stays', {
  timeout: 240_000,
}, async () => {
  const files = join(home, 'failing');
  await cp(join(home, 'start'), files, { recursive: true });
  const disk = { fails: false };
  const pglite = await PGlite.create({ fs: new FailingFs(files, disk), startParams: SYNCED_START });
  let released = 0;
  const pool = new PglitePool(pglite, async () => void released++);
  const client = await pool.connect();
  await client.query('INSERT INTO kept VALUES (1)', []);
  disk.fails = true;
  const stopped = expect.objectContaining({ code: 'STORE_CLOSED' });
  await expect(client.query('INSERT INTO kept VALUES (2)', [])).rejects.toEqual(stopped);
  disk.fails = false;
  await expect(client.query('SELECT 1', [])).rejects.toEqual(stopped);
  client.release();
  await pool.end();
  expect(released).toBe(1);
  const after = await PGlite.create({ fs: new SyncedNodeFs(files), startParams: SYNCED_START });
  const { rows } = await after.query<{ n: number }>('SELECT n FROM kept');
  await after.close();
  expect(rows[0]).toEqual({ n: 1 });
});
