import { randomUUID } from 'node:crypto';
import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { refuse } from '../weights-error.js';

/**
 * Writes a new file, which is there whole or not at all: what was decrypted before an error must not lie about under the name of
 * what was asked for. Folders are made.
 *
 * @param mode 0o600 for what was decrypted
 * @returns bytes written
 * @throws PhalanxError `WEIGHTS_ARGUMENT` when the file is there, `WEIGHTS_SOURCE` when it cannot be written, and what `blocks` throws
 */
export async function writeWholeFile(
  path: string,
  blocks: AsyncIterable<Uint8Array>,
  mode = 0o644,
): Promise<number> {
  if (await isThere(path)) return refuse('WEIGHTS_ARGUMENT', `${path} is there already`);
  const draft = `${path}.${randomUUID()}.partial`;
  let written = 0;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(draft, 'wx', mode);
    try {
      for await (const block of blocks) {
        for (let at = 0; at < block.length; )
          at += (await file.write(block, at, block.length - at, written + at)).bytesWritten;
        written += block.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    return written;
  } catch (error) {
    // What went wrong first is told, and not that nothing was there to remove.
    await rm(draft, { force: true }).catch(() => undefined);
    if (PhalanxError.is(error)) throw error;
    return refuse('WEIGHTS_SOURCE', `cannot write ${path}`, error);
  }
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
