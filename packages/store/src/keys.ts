import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { createDurably } from './durable-file.js';
import type { StoreErrorCode } from './errors.js';

const KEY_BYTES = 32;

/**
 * The key of all sketches in a data directory: 32 random bytes in `sketch.key`, mode 0600, made on first use.
 *
 * Back it up: sketches made under another key cannot be compared with those in the store. Whoever holds it can test
 * whether a given text was asked.
 *
 * @throws PhalanxError `STORE_KEY_CORRUPT` when the file is not 32 bytes long.
 */
export function openSketchKey(dataDir: string): Promise<Uint8Array> {
  return openKeyFile(join(dataDir, 'sketch.key'));
}

/**
 * Reads a key file, or makes it from the system's random source, atomically: of two processes at once both get the
 * key of the winner.
 *
 * @throws PhalanxError `STORE_KEY_CORRUPT` when the file is not 32 bytes long.
 */
export async function openKeyFile(path: string): Promise<Uint8Array> {
  let bytes = await readIfThere(path);
  if (!bytes) {
    await createDurably(path, randomBytes(KEY_BYTES));
    bytes = await readFile(path);
  }
  if (bytes.byteLength !== KEY_BYTES)
    throw new PhalanxError<StoreErrorCode>(
      'STORE_KEY_CORRUPT',
      `${path} has ${bytes.byteLength} bytes, not 32`,
      {
        advice: 'Restore the file from a backup. A new key makes what was written under the old one useless.',
      },
    );
  return new Uint8Array(bytes);
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
