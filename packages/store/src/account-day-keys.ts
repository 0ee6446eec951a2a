import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PhalanxError, seal, unseal } from '@phalanx/core';
import { syncDirectory } from './durable-file.js';
import type { StoreErrorCode } from './errors.js';
import { openKeyFile } from './keys.js';

/** Account 8 bytes, nonce 12, sealed key 32, tag 16. */
const RECORD_BYTES = 68;
const KEY_BYTES = 32;
/** Days whose keys are held in memory: an import in time order touches two at once. */
const CACHED_DAYS = 8;

/** A key and its public name, which tells it from another key of the same account and day, made after an erasure. */
export interface AccountDayKey {
  readonly id: bigint;
  readonly key: Uint8Array;
}

interface DayKeys {
  readonly keys: Map<bigint, AccountDayKey>;
  readonly names: Map<bigint, { readonly account: bigint; readonly key: Uint8Array }>;
  /** Bytes in whole records. */
  size: number;
}

/**
 * The keys of accounts' days (UTC, as yyyymmdd): `<day>.keys`, records of one size, each a key sealed under the master key
 * with its account and day as context. A record of zeros is an erased one. Calls wait for one another.
 */
export class AccountDayKeys {
  readonly #directory: string;
  readonly #master: Uint8Array;
  readonly #purpose: string;
  readonly #days = new Map<number, DayKeys>();
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * @param directory made on first use
   * @param master 32 bytes
   * @param purpose keeps keys of one folder from being taken for another's
   */
  constructor(directory: string, master: Uint8Array, purpose: string) {
    this.#directory = directory;
    this.#master = master;
    this.#purpose = purpose;
  }

  /** The key, or null when it was never made or has been erased. */
  find(account: bigint, day: number): Promise<AccountDayKey | null> {
    return this.#inTurn(async () => (await this.#load(day)).keys.get(account) ?? null);
  }

  /** The key of this name and whose it is; null when it has been erased. */
  findNamed(id: bigint, day: number): Promise<{ readonly account: bigint; readonly key: Uint8Array } | null> {
    return this.#inTurn(async () => (await this.#load(day)).names.get(id) ?? null);
  }

  /**
   * The keys of these accounts on a day, made where missing. New ones are on disk, synced, when it resolves: a text
   * must never be stored under a key that a power cut can take.
   */
  findOrMake(accounts: readonly bigint[], day: number): Promise<readonly AccountDayKey[]> {
    return this.#inTurn(() => this.#findOrMake(accounts, day));
  }

  async #findOrMake(accounts: readonly bigint[], day: number): Promise<readonly AccountDayKey[]> {
    const known = await this.#load(day);
    const missing = [...new Set(accounts.filter((account) => !known.keys.has(account)))];
    if (missing.length > 0) {
      const made = missing.map((account) => {
        const key = new Uint8Array(randomBytes(KEY_BYTES));
        return { account, key, ...seal(this.#master, key, this.#contextOf(account, day)) };
      });
      const records = Buffer.concat(
        made.flatMap(({ account, nonce, box }) => [accountBytes(account), nonce, box]),
      );
      await mkdir(this.#directory, { recursive: true });
      const file = await open(this.#path(day), known.size === 0 ? 'w' : 'r+', 0o600);
      try {
        // At the end of the whole records: a torn record of a crashed writer is overwritten.
        await writeAll(file, records, known.size);
        await file.sync();
      } catch (error) {
        // What the file holds now is to be read again.
        this.#days.delete(day);
        throw error;
      } finally {
        await file.close();
      }
      if (known.size === 0) await syncDirectory(this.#directory);
      known.size += records.byteLength;
      for (const { account, key, nonce } of made) remember(known, account, nameOf(nonce), key);
    }
    return accounts.map((account) => known.keys.get(account)!);
  }

  /** Overwrites every key of an account with zeros, synced. Returns how many there were. */
  erase(account: bigint): Promise<number> {
    return this.#inTurn(() => this.#erase(account));
  }

  async #erase(account: bigint): Promise<number> {
    let erased = 0;
    const wanted = accountBytes(account);
    for (const day of await this.#listDays()) {
      const file = await open(this.#path(day), 'r+');
      try {
        const bytes = await file.readFile();
        for (let at = 0; at + RECORD_BYTES <= bytes.byteLength; at += RECORD_BYTES) {
          const record = bytes.subarray(at, at + RECORD_BYTES);
          if (isErased(record) || !record.subarray(0, 8).equals(wanted)) continue;
          await writeAll(file, Buffer.alloc(RECORD_BYTES), at);
          erased++;
        }
        await file.sync();
      } finally {
        await file.close();
      }
      this.#days.delete(day);
    }
    return erased;
  }

  /**
   * Zeroes the keys of days before `day`, synced, and removes the files of days of which no key is left.
   *
   * @param held accounts whose keys stay
   * @returns days of which keys stay
   */
  expireBefore(day: number, held: ReadonlySet<bigint> = new Set()): Promise<readonly number[]> {
    return this.#inTurn(() => this.#expireBefore(day, held));
  }

  async #expireBefore(day: number, held: ReadonlySet<bigint>): Promise<readonly number[]> {
    const kept: number[] = [];
    let removed = 0;
    for (const old of (await this.#listDays()).filter((candidate) => candidate < day)) {
      const left = await this.#zero(old, (account) => !held.has(account));
      this.#days.delete(old);
      if (left > 0) {
        kept.push(old);
        continue;
      }
      await rm(this.#path(old));
      removed++;
    }
    if (removed > 0) await syncDirectory(this.#directory);
    return kept;
  }

  /** Overwrites the keys of some accounts with zeros, synced. Returns how many keys are left. */
  async #zero(day: number, isGone: (account: bigint) => boolean): Promise<number> {
    let left = 0;
    const file = await open(this.#path(day), 'r+');
    try {
      const bytes = await file.readFile();
      for (let at = 0; at < bytes.byteLength; at += RECORD_BYTES) {
        const record = bytes.subarray(at, at + RECORD_BYTES);
        // A torn record of a crashed writer was never acknowledged.
        const isWhole = record.byteLength === RECORD_BYTES;
        if (isWhole && isErased(record)) continue;
        if (isWhole && !isGone(record.readBigUInt64LE())) {
          left++;
          continue;
        }
        await writeAll(file, Buffer.alloc(record.byteLength), at);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return left;
  }

  async #load(day: number): Promise<DayKeys> {
    const cached = this.#days.get(day);
    if (cached) return cached;
    const bytes = await readWhole(this.#path(day));
    const size = bytes.byteLength - (bytes.byteLength % RECORD_BYTES);
    const loaded: DayKeys = { keys: new Map(), names: new Map(), size };
    for (let at = 0; at < size; at += RECORD_BYTES) {
      const record = bytes.subarray(at, at + RECORD_BYTES);
      if (isErased(record)) continue;
      const account = record.readBigUInt64LE();
      const key = unseal(
        this.#master,
        { nonce: record.subarray(8, 20), box: record.subarray(20) },
        this.#contextOf(account, day),
      );
      if (!key)
        throw new PhalanxError<StoreErrorCode>(
          'STORE_KEY_CORRUPT',
          `${this.#path(day)} does not open with vault.key`,
          { advice: 'Restore vault.key and the keys folder from the same backup.' },
        );
      remember(loaded, account, nameOf(record.subarray(8, 20)), key);
    }
    if (this.#days.size >= CACHED_DAYS) this.#days.delete(this.#days.keys().next().value!);
    this.#days.set(day, loaded);
    return loaded;
  }

  async #listDays(): Promise<number[]> {
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names
      .flatMap((name) => /^(\d{4})-(\d\d)-(\d\d)\.keys$/.exec(name)?.slice(1).join('') ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(act);
    this.#tail = mine.catch(() => undefined);
    return mine;
  }

  #contextOf(account: bigint, day: number): Uint8Array {
    return new Uint8Array(Buffer.from(`${this.#purpose} ${account} ${day}`));
  }

  #path(day: number): string {
    const digits = String(day).padStart(8, '0');
    return join(this.#directory, `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}.keys`);
  }
}

const PURPOSE = { keys: 'phalanx-vault/1', 'record-keys': 'phalanx-record/1' } as const;

/**
 * Keys of accounts' days in a folder of a data directory, sealed under its `vault.key`, which is made on first use.
 *
 * @param folder `keys` for text, `record-keys` for what else the record holds of an exchange
 * @throws PhalanxError `STORE_KEY_CORRUPT` when `vault.key` is not 32 bytes long
 */
export async function openAccountDayKeys(
  dataDir: string,
  folder: 'keys' | 'record-keys',
): Promise<AccountDayKeys> {
  const master = await openKeyFile(join(dataDir, 'vault.key'));
  return new AccountDayKeys(join(dataDir, folder), master, PURPOSE[folder]);
}

/** Binds a sealed thing to its account and day. */
export function contextOf(account: bigint, day: number): Uint8Array {
  return new Uint8Array(Buffer.from(`phalanx-vault/1 ${account} ${day}`));
}

/** A file may take a part of what it is given and say so, as when a disk is nearly full. */
async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, at + done);
    if (bytesWritten === 0) throw new Error('a key file takes no more');
    done += bytesWritten;
  }
}

function remember(day: DayKeys, account: bigint, id: bigint, key: Uint8Array): void {
  day.keys.set(account, { id, key });
  day.names.set(id, { account, key });
}

/** The first half of its nonce, which is random. */
function nameOf(nonce: Uint8Array): bigint {
  return Buffer.from(nonce).readBigUInt64LE();
}

function accountBytes(account: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(account);
  return bytes;
}

/** By the sealed part, because 0 may be an account. */
function isErased(record: Buffer): boolean {
  return record.subarray(8).every((byte) => byte === 0);
}

async function readWhole(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
