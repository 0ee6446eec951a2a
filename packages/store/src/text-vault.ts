import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { PhalanxError, seal, toHex, unseal } from '@phalanx/core';
import { type AccountDayKeys, contextOf, openAccountDayKeys } from './account-day-keys.js';
import type { StoreErrorCode } from './errors.js';
import { nameOperatingUser } from './operating-user.js';
import { type ExchangeText, packTexts, unpackText, unpackTexts } from './packed-texts.js';
import { Answer } from './telemetry/answer.js';
import { TABLES } from './telemetry/schema.js';
import { insertColumns } from './telemetry/table-access.js';
import type { TelemetryStore } from './telemetry/telemetry-store.js';

/** The text of one exchange. */
export interface TextRow extends ExchangeText {
  /** The exchange's 16 bytes. */
  readonly id: Uint8Array;
  readonly account: bigint;
  readonly atMs: number;
}

interface SealedBatch {
  readonly nonce: Uint8Array;
  readonly box: Uint8Array;
  readonly keyId: bigint;
  readonly account: bigint;
  readonly day: number;
  readonly rows: readonly TextRow[];
}

/**
 * Opens the vault of prompt and response text. Ciphertext lies in the telemetry store; the keys and the audit log in
 * `directory`, which should be the store's own data directory or, for a cluster, one on the machine that writes.
 *
 * @param keys of `directory`, when they are open already: two that write the same files would overwrite one another's
 * @throws PhalanxError `STORE_KEY_CORRUPT` when `vault.key` is not 32 bytes long.
 */
export async function openTextVault(
  store: TelemetryStore,
  directory: string,
  keys?: AccountDayKeys,
): Promise<TextVault> {
  return new TextVault(
    store,
    keys ?? (await openAccountDayKeys(directory, 'keys')),
    join(directory, 'audit.jsonl'),
  );
}

/**
 * Prompt and response text, each account's day under a key of its own, so that destroying the key erases the text for
 * good, also in copies and backups of the ciphertext.
 *
 * Erasing overwrites the key in place and syncs. That destroys it on a magnetic disk. A flash drive, a copy-on-write
 * file system or a snapshot may keep the old block for a while, sealed under `vault.key`; where that matters keep
 * `keys/` and `vault.key` on a volume that does not, leave `keys/` out of backups, and retire the volume's own
 * encryption key to be sure.
 *
 * Whoever reads `vault.key` and `keys/` reads the text: the vault protects copies of the database, not a machine that
 * has been taken over.
 */
export class TextVault {
  readonly #store: TelemetryStore;
  readonly #keys: AccountDayKeys;
  readonly #audit: string;
  #tail: Promise<unknown> = Promise.resolve();

  /** Internal: use `openTextVault`. */
  constructor(store: TelemetryStore, keys: AccountDayKeys, audit: string) {
    this.#store = store;
    this.#keys = keys;
    this.#audit = audit;
  }

  /**
   * Keeps texts; durable when it resolves. The same id again replaces. Texts of one account and day in one call are
   * sealed together: call it with thousands of rows.
   *
   * @throws PhalanxError `STORE_ROW_INVALID` for an id that is not 16 bytes or a time outside 1970..2299.
   */
  appendTexts(rows: readonly TextRow[]): Promise<void> {
    return this.#inTurn(async () => {
      const byDay = new Map<number, Map<bigint, TextRow[]>>();
      for (const row of rows) {
        const day = dayOf(row);
        const accounts = byDay.get(day) ?? new Map<bigint, TextRow[]>();
        byDay.set(day, accounts);
        const mine = accounts.get(row.account);
        if (mine) mine.push(row);
        else accounts.set(row.account, [row]);
      }
      const batches: SealedBatch[] = [];
      for (const [day, accounts] of byDay) {
        const keys = await this.#keys.findOrMake([...accounts.keys()], day);
        let index = 0;
        for (const [account, mine] of accounts) {
          const { id: keyId, key } = keys[index++]!;
          for (const rows of cutBatches(mine))
            batches.push({
              ...seal(key, packTexts(rows), contextOf(account, day)),
              keyId,
              account,
              day,
              rows,
            });
        }
      }
      await this.#insert(batches);
    });
  }

  /**
   * The text of an exchange for a person to read, after writing who asked, when and why to `audit.jsonl` (synced). Null
   * when the text was never kept, has expired or was erased; the attempt is on record all the same.
   *
   * @throws PhalanxError `STORE_ARGUMENT` without a reason or with an id that is not 16 bytes; `STORE_KEY_CORRUPT` when
   *   the ciphertext was altered.
   */
  async revealText(id: Uint8Array, reason: string): Promise<ExchangeText | null> {
    if (reason.trim() === '')
      throw new PhalanxError<StoreErrorCode>('STORE_ARGUMENT', 'revealing a text needs a reason');
    if (id.byteLength !== 16) throw new PhalanxError<StoreErrorCode>('STORE_ARGUMENT', 'an id has 16 bytes');
    return this.#inTurn(async () => {
      await this.#record({ act: 'reveal', id: toHex(id), reason });
      const place = new Answer(
        await this.#store.tables.read(
          (relation) =>
            `SELECT account, day, slot, batch FROM ${relation(TABLES.texts)} FINAL WHERE id = unhex('${toHex(id)}')`,
        ),
      );
      if (place.rows === 0) return null;
      const account = place.uint64('account')[0]!;
      const day = place.uint32('day')[0]!;
      const key = await this.#keys.find(account, day);
      if (!key) return null;
      const nonce = place.bytes('batch').subarray(0, 12);
      const found = await this.#readBatch(nonce, day);
      // Another name: this text's key was erased, and the account has since got a new one for that day.
      if (found?.keyId !== key.id) return null;
      const packed = unseal(key.key, { nonce, box: found.box }, contextOf(account, day));
      if (!packed) throw alteredText();
      return unpackText(packed, place.uint32('slot')[0]!);
    });
  }

  /**
   * Every kept text from the day of `fromMs` to that of `toMs`, batch by batch, for a program that shows none of it to a person, after writing
   * who asked, when and why to `audit.jsonl` (synced). What has expired or was erased is left out; a text that was replaced comes
   * more than once.
   *
   * @throws PhalanxError `STORE_ARGUMENT` without a reason; `STORE_KEY_CORRUPT` when ciphertext was altered
   */
  async *scanTexts(
    fromMs: number,
    toMs: number,
    reason: string,
  ): AsyncGenerator<{ readonly account: bigint; readonly texts: Iterable<ExchangeText> }> {
    if (reason.trim() === '')
      throw new PhalanxError<StoreErrorCode>('STORE_ARGUMENT', 'reading texts needs a reason');
    const [from, to] = [dayNumber(fromMs), dayNumber(toMs)];
    await this.#inTurn(() => this.#record({ act: 'scan', from, to, reason }));
    let [day, batch] = [from, ''];
    for (;;) {
      const found = new Answer(
        await this.#store.tables.read(
          (relation) =>
            `SELECT hex(batch) AS name, day, account, key_id, hex(ciphertext) AS box FROM ${relation(TABLES.textBatches)}
            WHERE day BETWEEN ${day} AND ${to} AND (day > ${day} OR batch > unhex('${batch}'))
            ORDER BY day, batch LIMIT ${SCANNED_BATCHES}`,
        ),
      );
      for (let row = 0; row < found.rows; row++) {
        [day, batch] = [found.uint32('day')[row]!, found.strings('name')[row]!];
        const account = found.uint64('account')[row]!;
        const key = await this.#inTurn(() => this.#keys.find(account, day));
        if (key?.id !== found.uint64('key_id')[row]) continue;
        const nonce = new Uint8Array(Buffer.from(batch, 'hex'));
        const box = new Uint8Array(Buffer.from(found.strings('box')[row]!, 'hex'));
        const packed = unseal(key.key, { nonce, box }, contextOf(account, day));
        if (!packed) throw alteredText();
        yield { account, texts: unpackTexts(packed) };
      }
      if (found.rows < SCANNED_BATCHES) return;
    }
  }

  /** Destroys all keys of an account: its texts cannot be read again by anybody. Returns the number of days erased. */
  eraseAccount(account: bigint): Promise<number> {
    return this.#inTurn(async () => {
      const erased = await this.#keys.erase(account);
      await this.#record({ act: 'erase', account: String(account), days: erased });
      return erased;
    });
  }

  /**
   * Destroys the keys of all days (UTC) that end before `atMs`, and drops the ciphertext of those of which no key is left.
   *
   * @param held accounts whose text stays
   */
  expireBefore(atMs: number, held: ReadonlySet<bigint> = new Set()): Promise<void> {
    return this.#inTurn(async () => {
      const day = dayNumber(atMs);
      const kept = new Set(await this.#keys.expireBefore(day, held));
      const { tables } = this.#store;
      for (const table of [TABLES.texts, TABLES.textBatches]) {
        const old = new Answer(
          await tables.read(
            (relation) => `SELECT day FROM ${relation(table)} WHERE day < ${day} GROUP BY day ORDER BY day`,
          ),
        );
        for (const expired of old.uint32('day'))
          if (!kept.has(expired))
            await tables.maintain(table, (target) => `ALTER TABLE ${target} DROP PARTITION ${expired}`);
      }
    });
  }

  /** Batches before the rows that point at them: a reader finds either both or nothing. */
  async #insert(batches: readonly SealedBatch[]): Promise<void> {
    const { tables } = this.#store;
    await insertColumns(tables, TABLES.textBatches, [
      { name: 'batch', type: 'FixedString(12)', values: joinBytes(batches.map(({ nonce }) => nonce)) },
      { name: 'account', type: 'UInt64', values: BigUint64Array.from(batches, ({ account }) => account) },
      { name: 'day', type: 'UInt32', values: Uint32Array.from(batches, ({ day }) => day) },
      { name: 'key_id', type: 'UInt64', values: BigUint64Array.from(batches, ({ keyId }) => keyId) },
      { name: 'ciphertext', type: 'Bytes', values: batches.map(({ box }) => box) },
    ]);
    const rows = batches.flatMap((batch) => batch.rows.map((row, slot) => ({ row, slot, batch })));
    await insertColumns(tables, TABLES.texts, [
      { name: 'id', type: 'FixedString(16)', values: joinBytes(rows.map(({ row }) => row.id)) },
      { name: 'account', type: 'UInt64', values: BigUint64Array.from(rows, ({ row }) => row.account) },
      { name: 'day', type: 'UInt32', values: Uint32Array.from(rows, ({ batch }) => batch.day) },
      { name: 'batch', type: 'FixedString(12)', values: joinBytes(rows.map(({ batch }) => batch.nonce)) },
      { name: 'slot', type: 'UInt32', values: Uint32Array.from(rows, ({ slot }) => slot) },
    ]);
  }

  /** Ciphertext crosses as hexadecimal: the Native reader's strings are text. */
  async #readBatch(nonce: Uint8Array, day: number): Promise<{ box: Uint8Array; keyId: bigint } | null> {
    const found = new Answer(
      await this.#store.tables.read(
        (relation) =>
          `SELECT hex(ciphertext) AS box, key_id FROM ${relation(TABLES.textBatches)}
          WHERE day = ${day} AND batch = unhex('${toHex(nonce)}') LIMIT 1`,
      ),
    );
    const box = found.strings('box')[0];
    if (box === undefined) return null;
    return { box: new Uint8Array(Buffer.from(box, 'hex')), keyId: found.uint64('key_id')[0]! };
  }

  /** Appends who did what, and when. An entry names an exchange or account and never holds text. */
  async #record(entry: Readonly<Record<string, string | number>>): Promise<void> {
    const line = JSON.stringify({ at: new Date().toISOString(), by: nameOperatingUser(), ...entry });
    const file = await open(this.#audit, 'a', 0o600);
    try {
      await file.writeFile(`${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(act);
    this.#tail = mine.catch(() => undefined);
    return mine;
  }
}

/** Batches that a scan has in memory: of a million characters each at most. */
const SCANNED_BATCHES = 32;

function alteredText(): PhalanxError<StoreErrorCode> {
  return new PhalanxError('STORE_KEY_CORRUPT', 'a text does not open: it was altered', {
    advice: 'Restore the text tables, or the keys folder, from the same backup.',
  });
}

/** Characters a batch: enough to amortise the cipher and the row, little enough to open for one text. */
const BATCH_CHARACTERS = 1 << 20;

function cutBatches(rows: readonly TextRow[]): TextRow[][] {
  const batches: TextRow[][] = [];
  let room = -1;
  for (const row of rows) {
    const size = row.prompt.length + (row.response?.length ?? 0);
    if (room < size) {
      batches.push([]);
      room = Math.max(BATCH_CHARACTERS, size);
    }
    batches.at(-1)!.push(row);
    room -= size;
  }
  return batches;
}

function dayOf(row: TextRow): number {
  if (row.id.byteLength !== 16)
    throw new PhalanxError<StoreErrorCode>('STORE_ROW_INVALID', 'the id of a text is not 16 bytes');
  return dayNumber(row.atMs);
}

/** A UTC day as the number yyyymmdd. */
function dayNumber(atMs: number): number {
  if (!(atMs >= 0 && atMs <= 10_413_791_999_999))
    throw new PhalanxError<StoreErrorCode>('STORE_ROW_INVALID', 'a time is not in 1970..2299');
  return Number(new Date(atMs).toISOString().slice(0, 10).replaceAll('-', ''));
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
