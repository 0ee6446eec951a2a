import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { syncDirectory } from '../durable-file.js';
import type { StoreErrorCode } from '../errors.js';

const KEY_BYTES = 32;
const NAME = /^([0-9]{1,10})\.key$/;

/**
 * Keys of epochs in a directory that is not the database's: when an epoch's key is destroyed, what lies under it is gone from every copy
 * of the database too. A file system that keeps old blocks (snapshots, copy on write, flash) may keep the key; a backup of this
 * directory does keep it, so make none.
 */
export class EpochKeys {
  readonly #directory: string;
  readonly #keys = new Map<number, Uint8Array>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes the directory, of mode 0700, and reads what is there. @throws PhalanxError `STORE_KEY_CORRUPT` */
  static async open(directory: string): Promise<EpochKeys> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const keys = new EpochKeys(directory);
    for (const file of await readdir(directory)) {
      const epoch = NAME.exec(file)?.[1];
      if (epoch === undefined) continue;
      const key = new Uint8Array(await readFile(join(directory, file)));
      if (key.length !== KEY_BYTES)
        throw new PhalanxError<StoreErrorCode>('STORE_KEY_CORRUPT', `${join(directory, file)} is no key`, {
          advice: 'Remove it: what lay under it in this epoch is lost, and labs give it again.',
        });
      // A loss of power in the midst of `destroyBefore`.
      if (key.every((byte) => byte === 0)) await rm(join(directory, file));
      else keys.#keys.set(Number(epoch), key);
    }
    return keys;
  }

  /** The key of an epoch; null when there is none, or none any more. */
  find(epoch: number): Uint8Array | null {
    return this.#keys.get(epoch) ?? null;
  }

  /** Makes a key that is on disk, synced, when it resolves. */
  async make(epoch: number): Promise<Uint8Array> {
    const known = this.#keys.get(epoch);
    if (known !== undefined) return known;
    const key = new Uint8Array(randomBytes(KEY_BYTES));
    const path = this.#path(epoch);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(key);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    await syncDirectory(this.#directory);
    this.#keys.set(epoch, key);
    return key;
  }

  /** Overwrites and removes the keys of all epochs before `epoch`; returns those epochs. */
  async destroyBefore(epoch: number): Promise<number[]> {
    const over = [...this.#keys.keys()].filter((of) => of < epoch).sort((a, b) => a - b);
    for (const of of over) {
      const file = await open(this.#path(of), 'r+');
      try {
        await file.write(Buffer.alloc(KEY_BYTES), 0, KEY_BYTES, 0);
        await file.sync();
      } finally {
        await file.close();
      }
      await rm(this.#path(of));
      this.#keys.get(of)!.fill(0);
      this.#keys.delete(of);
    }
    if (over.length > 0) await syncDirectory(this.#directory);
    return over;
  }

  #path(epoch: number): string {
    return join(this.#directory, `${epoch}.key`);
  }
}
