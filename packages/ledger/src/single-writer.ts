import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';

/**
 * Makes this process the only one that writes in a folder, until it ends or lets go.
 *
 * A socket that listens is the lock, since the system closes it when the process dies, however it dies. On Linux it has a name of
 * the kernel's and leaves no file; elsewhere it is a file in the folder, which the next process removes when nobody answers.
 * Processes in containers of their own (network namespaces) do not see one another's.
 *
 * @returns lets go
 * @throws PhalanxError `LEDGER_LOCKED` when another process writes there
 */
export async function becomeSingleWriter(folder: string): Promise<() => Promise<void>> {
  const real = realpathSync(folder);
  const name = createHash('sha256').update(real).digest('hex').slice(0, 32);
  const isAbstract = process.platform === 'linux';
  const path = isAbstract ? `\0phalanx-ledger-${name}` : join(real, 'writer.sock');
  const server =
    (await listen(path)) ?? (!isAbstract && !(await answers(path)) ? await listenAgain(path) : null);
  if (server === null)
    throw new PhalanxError<LedgerErrorCode>('LEDGER_LOCKED', `another process writes in ${folder}`, {
      advice: 'End it, or let it do the work: a log has one writer.',
      retryable: true,
    });
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** Null when the name is taken. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function listenAgain(path: string): Promise<Server | null> {
  rmSync(path, { force: true });
  return listen(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
