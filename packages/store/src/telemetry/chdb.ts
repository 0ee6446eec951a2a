import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import type { Session } from 'chdb';
import type { StoreErrorCode } from '../errors.js';
import { type EngineConnection, engineError, nameStatement, SESSION_SETTINGS } from './connection.js';
import { decodeNative } from './native.js';
import { quoteText } from './schema.js';

/**
 * Opens the embedded engine on a directory, which is created when missing: its data lie in `engine/`, blocks on their
 * way in `incoming/`.
 *
 * Two sessions share the one engine of this process, so that inserts go on under a long query: a session runs its
 * statements in turn, and they are queued here because a waiting native call would hold a thread of Node's pool.
 * The engine is loaded on the first call (0.3-0.7 s, 260 MB resident), not when this module is imported.
 *
 * The binding's own insert admits text formats only. So a block goes to a file beside the data and the engine reads
 * that; it is not synced because the engine's own write is. Cost: one write to the page cache.
 *
 * @throws PhalanxError `STORE_ENGINE_MISSING`, `STORE_ONE_PER_PROCESS`, `STORE_LOCKED` when another process has the
 *   engine open there.
 */
export async function openChdb(path: string): Promise<EngineConnection> {
  const directory = join(resolve(path), 'engine');
  const incoming = join(resolve(path), 'incoming');
  await mkdir(directory, { recursive: true });
  await mkdir(incoming, { recursive: true });
  for (const left of await readdir(incoming)) await rm(join(incoming, left), { force: true });

  const chdb = await loadEngine();
  // A connection that was just closed may still be draining; opening before it is gone is refused.
  await chdb.drainPending();
  const reads = startSession(chdb.Session, directory);
  let writes: Session;
  try {
    writes = startSession(chdb.Session, directory);
  } catch (error) {
    reads.close();
    throw error;
  }
  const settings = Object.entries(SESSION_SETTINGS).map(([name, value]) => `${name} = ${value}`);
  const run = { read: makeQueue(reads), write: makeQueue(writes) };
  for (const queue of [run.read, run.write]) await queue(`SET ${settings.join(', ')}`);

  return {
    async exec(sql) {
      await run.write(sql);
    },
    async insertNative(table, columns, bytes, only) {
      const file = join(incoming, `${randomUUID()}.native`);
      const names = columns.join(', ');
      const where = only ? ` WHERE ${only.where}` : '';
      try {
        await writeFile(file, bytes);
        await run.write(
          `INSERT INTO ${table} (${names}) SELECT ${names} FROM file(${quoteText(file)}, 'Native')${where}`,
        );
      } finally {
        await rm(file, { force: true });
      }
    },
    async queryNative(sql) {
      return decodeNative(await run.read(sql));
    },
    isAlive: async () => reads.open,
    async close() {
      reads.close();
      writes.close();
      await chdb.drainPending();
    },
  };
}

async function loadEngine(): Promise<typeof import('chdb')> {
  try {
    return await import('chdb');
  } catch (cause) {
    throw new PhalanxError<StoreErrorCode>('STORE_ENGINE_MISSING', 'the embedded engine does not load here', {
      cause,
      advice:
        'It has builds for Linux (glibc) and macOS. Elsewhere set telemetry.url to a ClickHouse server.',
    });
  }
}

function startSession(Maker: typeof Session, directory: string): Session {
  try {
    return new Maker(directory);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (message.includes('one active data directory'))
      throw new PhalanxError<StoreErrorCode>(
        'STORE_ONE_PER_PROCESS',
        'this process has a store open elsewhere',
        {
          cause,
          advice: 'Close it first; the embedded engine serves one directory a process.',
        },
      );
    throw new PhalanxError<StoreErrorCode>('STORE_LOCKED', `the engine cannot open ${directory}`, {
      cause,
      advice: 'Another process has it open, or the directory is not writable.',
    });
  }
}

/** Statements of one session, one at a time, first come first served. */
function makeQueue(session: Session): (sql: string) => Promise<Uint8Array> {
  let tail: Promise<unknown> = Promise.resolve();
  return (sql) => {
    const mine = tail.then(async () => {
      try {
        return (await session.queryAsync(sql, { format: 'Native' })).bytes();
      } catch (cause) {
        throw engineError(cause, nameStatement(sql));
      }
    });
    tail = mine.catch(() => undefined);
    return mine;
  };
}
