import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import type { StoreErrorCode } from './errors.js';

/** A held lock. */
export interface DirectoryLock {
  /** Gives the directory back. Idempotent. */
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  /** Kernel start time of the process; tells a recycled pid from its former bearer. '' where /proc is absent. */
  readonly started: string;
  readonly nonce: string;
}

/**
 * Makes this process the owner of a data directory by the file `lock` in it. A lock whose process is gone is taken over.
 *
 * It guards against a second process on this machine. It does not guard a directory that two machines share over a
 * network file system; the engine's own file lock may.
 *
 * @throws PhalanxError `STORE_LOCKED` when a living process, this one included, holds it.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'lock');
  const mine: Owner = { pid: process.pid, started: await startOf(process.pid), nonce: randomUUID() };
  for (let tries = 0; tries < 10; tries++) {
    if (await claim(path, mine)) return { release: () => release(path, mine) };
    const owner = await readOwner(path);
    if (owner && (await isAlive(owner)))
      throw new PhalanxError<StoreErrorCode>(
        'STORE_LOCKED',
        `${directory} is in use by process ${owner.pid}`,
        {
          retryable: true,
          advice: 'Stop that process, talk to its API, or choose another data directory.',
        },
      );
    await removeStale(path, owner);
  }
  throw new PhalanxError<StoreErrorCode>('STORE_LOCKED', `${directory}: several processes want the lock`, {
    retryable: true,
  });
}

/** Creates the lock whole: a reader never sees it half written. */
async function claim(path: string, owner: Owner): Promise<boolean> {
  const draft = `${path}.${owner.nonce}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(owner));
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Moves a dead owner's lock away. Between our look and our move another process may have taken over: then what we
 * moved is a living lock, and it goes back.
 */
async function removeStale(path: string, seen: Owner | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (moved && moved.nonce !== seen?.nonce) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function release(path: string, mine: Owner): Promise<void> {
  if ((await readOwner(path))?.nonce === mine.nonce) await rm(path, { force: true });
}

async function readOwner(path: string): Promise<Owner | null> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Owner;
    return Number.isInteger(owner.pid) && owner.pid > 0 ? owner : null;
  } catch {
    return null;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return owner.started === '' || owner.started === (await startOf(owner.pid));
}

/** Field 22 of /proc/pid/stat: clock ticks since boot. The command in field 2 may hold spaces and parentheses. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
