import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';
import type { CliErrorCode } from './cli-error.js';
import { loadConfig } from './config.js';
import { writeNewFile } from './new-file.js';
import type { Config } from './setting.js';
import type { Terminal } from './terminal.js';

/** Secrets of a hub in its directory: 32 bytes each. */
export const HUB_SECRETS = ['cursor.secret', 'dpop.secret'] as const;

/** Makes the directory of a hub or key server, of mode 0700. @throws PhalanxError `CLI_FILE` when it is there */
export function makeCoalitionData(directory: string): void {
  if (existsSync(directory))
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${directory} is there already`, {
      advice: 'Give another coalition.data.',
    });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const name of HUB_SECRETS) writeNewFile(join(directory, name), randomBytes(32), 0o600);
}

/**
 * Opens the control store of a hub or key server, made by `init`.
 *
 * @throws PhalanxError `CLI_FILE` when there is none; `STORE_LOCKED` while another process has it
 */
export async function openCoalitionStore(
  terminal: Terminal,
): Promise<{ readonly store: ControlStore; readonly config: Config; readonly directory: string }> {
  const config = loadConfig(terminal.env);
  const directory = config['coalition.data'];
  if (!HUB_SECRETS.every((name) => existsSync(join(directory, name))))
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${directory} is no directory of a hub or key server`, {
      advice: 'Make it: phalanx coalition hub init, or phalanx coalition key-server init.',
    });
  const { openControlStore } = await import('@phalanx/store/control');
  const url = config['coalition.store_url'];
  const store = await openControlStore(url === '' ? { dataDir: join(directory, 'control') } : { url });
  return { store, config, directory };
}

/** Runs a command on the store, and closes it. */
export async function withCoalitionStore<T>(
  terminal: Terminal,
  act: (store: ControlStore) => Promise<T>,
): Promise<T> {
  const { store } = await openCoalitionStore(terminal);
  try {
    return await act(store);
  } finally {
    await store.close();
  }
}
