import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import type { CliErrorCode } from './cli-error.js';

/**
 * Writes a file of mode 0600 that after a crash is either the old one or the new one, whole.
 *
 * @throws PhalanxError `CLI_FILE`
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const draft = `${path}.new`;
    await writeSynced(draft, bytes);
    await rename(draft, path);
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot write ${path}`, { cause });
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
