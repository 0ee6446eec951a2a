import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeMessage,
  encodeMessage,
  type KeyGroup,
  KeyShare,
  keyGroupSchema,
  MAX_KEY_TEXT,
} from '@phalanx/coalition/matching';
import { fromBase64, toBase64, utf8 } from '@phalanx/core';

const NAME = /^([0-9]{1,10})-([0-9]{1,10})\.share$/;

/**
 * Shares of keys in a directory, one file of mode 0600 an epoch and attempt: whoever reads a file has the share. Files are whole or absent,
 * and overwritten before they are removed; a file system that keeps old blocks, or a backup, keeps the share.
 */
export class KeyShareFiles {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes the directory, of mode 0700. */
  static async open(directory: string): Promise<KeyShareFiles> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new KeyShareFiles(directory);
  }

  /** Resolves when the share survives a loss of power. */
  async put(attempt: number, share: KeyShare): Promise<void> {
    const { group, index } = share;
    const text = share.use((secret) =>
      JSON.stringify({ index, secret: toBase64(secret), group: encodeMessage(keyGroupSchema, group) }),
    );
    const path = this.#path(group.epoch, attempt);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(utf8(text));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    await this.#sync();
  }

  /** Null when there is none. @throws when the file is damaged */
  async find(epoch: number, attempt: number): Promise<KeyShare | null> {
    let text: string;
    try {
      text = await readFile(this.#path(epoch, attempt), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const { index, secret, group } = JSON.parse(text) as { index: number; secret: string; group: string };
    const read: KeyGroup = decodeMessage(keyGroupSchema, group, MAX_KEY_TEXT);
    return new KeyShare(read, index, fromBase64(secret));
  }

  /** Overwrites and removes shares of epochs before `epoch`, and of attempts of `epoch` before `attempt`. Returns the epochs. */
  async destroyBefore(epoch: number, attempt = 0): Promise<number[]> {
    const destroyed: number[] = [];
    for (const name of await readdir(this.#directory)) {
      const [, of, at] = NAME.exec(name.replace(/\.new$/, '')) ?? [];
      if (of === undefined) continue;
      if (!(Number(of) < epoch || (Number(of) === epoch && Number(at) < attempt))) continue;
      const path = join(this.#directory, name);
      const file = await open(path, 'r+');
      try {
        const { size } = await file.stat();
        await file.write(Buffer.alloc(size), 0, size, 0);
        await file.sync();
      } finally {
        await file.close();
      }
      await rm(path);
      destroyed.push(Number(of));
    }
    if (destroyed.length > 0) await this.#sync();
    return destroyed;
  }

  async #sync(): Promise<void> {
    const folder = await open(this.#directory, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #path(epoch: number, attempt: number): string {
    return join(this.#directory, `${epoch}-${attempt}.share`);
  }
}
