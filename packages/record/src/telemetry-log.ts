import { PhalanxError, toHex } from '@phalanx/core';
import { type Disk, hashLeaf, type TransparencyLog } from '@phalanx/ledger';
import { AccountChains } from './account-chains.js';
import {
  EXCHANGE_LEAF,
  EXCHANGE_LEAF_BYTES,
  type ExchangeLeaf,
  parseExchangeLeaf,
  writeExchangeLeaf,
} from './exchange-leaf.js';
import type { Observation } from './observation.js';
import { BoxKind, type OpenedExchange } from './opening-box.js';
import { OpeningFile } from './opening-file.js';
import { RecentIds } from './recent-ids.js';
import type { RecordErrorCode } from './record-error.js';
import { openBatch, type RecordKeys, sealBatch } from './sealed-batch.js';
import { formatStatement, type Statement } from './statement-leaf.js';

export interface TelemetryLogSettings {
  readonly log: TransparencyLog;
  /** Holds the openings and the chains; may be the log's own. */
  readonly disk: Disk;
  readonly keys: RecordKeys;
  /** See `SegmentLog.open`; the log's own. */
  readonly segmentEntries?: number;
}

/** One entry of the log with what can still be opened of it. */
export interface LoggedEntry {
  readonly index: number;
  readonly entry: Uint8Array;
  /** Null for a statement. */
  readonly exchange: LoggedExchange | null;
}

export interface LoggedExchange {
  readonly leaf: ExchangeLeaf;
  /** Null when the keys were destroyed. */
  readonly opened: OpenedExchange | null;
}

/** Leaves of one frame: small enough that a batch never spans two. */
const MAX_BATCH = 32_768;
const SNAPSHOT_LEAVES = 1_000_000;
const SNAPSHOT_LEAVES_PER_ACCOUNT = 64;
const EVERY_KIND: readonly BoxKind[] = [BoxKind.REST, BoxKind.TEXT];

/**
 * The log of what a node saw: exchange leaves in chains, one an account, and statements. Before a call resolves, leaves and openings
 * survive a loss of power. One process at a time. After an exchange could not be logged the log takes no more: what is on the disk is
 * found out at the next start.
 */
export class TelemetryLog {
  readonly #log: TransparencyLog;
  readonly #disk: Disk;
  readonly #keys: RecordKeys;
  readonly #openings: OpeningFile;
  readonly #chains: AccountChains;
  #recent: RecentIds | null = null;
  #savedAt: number;
  #failure: unknown = null;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(
    { log, disk, keys }: TelemetryLogSettings,
    openings: OpeningFile,
    chains: AccountChains,
  ) {
    this.#log = log;
    this.#disk = disk;
    this.#keys = keys;
    this.#openings = openings;
    this.#chains = chains;
    this.#savedAt = chains.size;
  }

  /** @throws PhalanxError `RECORD_CORRUPT` when the files beside the log do not fit it */
  static async open(settings: TelemetryLogSettings): Promise<TelemetryLog> {
    const { log, disk, segmentEntries } = settings;
    const chains = AccountChains.load(disk);
    if (chains.size > log.size)
      throw new PhalanxError<RecordErrorCode>(
        'RECORD_CORRUPT',
        `chains are those of ${chains.size} leaves, the log has ${log.size}`,
        { advice: 'Find the newer copy of the log.' },
      );
    const openings = OpeningFile.open(disk, log.size, findExchangesEnd(log), segmentEntries);
    const telemetry = new TelemetryLog(settings, openings, chains);
    await telemetry.#catchUp();
    return telemetry;
  }

  get log(): TransparencyLog {
    return this.#log;
  }

  get size(): number {
    return this.#log.size;
  }

  /**
   * Logs exchanges in their order. One whose id, account and time were logged within the last 262,144 is the same observation again,
   * as after a restart of its source, and is passed over. The id alone is not enough: some sources let the caller choose it.
   *
   * @returns how many were new
   * @throws PhalanxError `RECORD_STOPPED` after a call that failed
   */
  append(observations: readonly Observation[]): Promise<number> {
    return this.#inTurn(async () => {
      this.#requireWorking();
      const recent = (this.#recent ??= await this.#readRecent());
      const fresh = observations.filter(({ id, account, atMs }) =>
        recent.add(id, this.#chains.findOrBegin(account).chain, atMs),
      );
      for (let done = 0; done < fresh.length; ) {
        const room = this.#openings.segmentEntries - (this.#log.size % this.#openings.segmentEntries);
        const batch = fresh.slice(done, done + Math.min(room, MAX_BATCH));
        try {
          await this.#appendBatch(batch);
        } catch (error) {
          // Heads may be ahead of the log, and openings torn: neither must be written over or saved.
          this.#failure = error;
          throw error;
        }
        done += batch.length;
      }
      this.#saveWhenDue();
      return fresh.length;
    });
  }

  /** Logs a statement and returns its index. @throws PhalanxError `RECORD_LEAF` */
  appendStatement(statement: Statement): Promise<number> {
    return this.appendEntry(formatStatement(statement));
  }

  /** Logs an entry of another format: a signed statement for a Sigstore bundle. It must not begin with byte 1. */
  appendEntry(entry: Uint8Array): Promise<number> {
    if (entry[0] === EXCHANGE_LEAF)
      throw new PhalanxError<RecordErrorCode>('RECORD_LEAF', 'an entry that begins like an exchange');
    return this.#inTurn(async () => {
      this.#requireWorking();
      const index = this.#log.append([entry]);
      this.#chains.size = this.#log.size;
      return index;
    });
  }

  /** Where the chain of an account stands; null when none of its exchanges is on record, or they were erased. */
  chainOf(account: bigint): { readonly chain: Uint8Array; readonly leaves: number } | null {
    const head = this.#chains.find(account);
    return head === null ? null : { chain: head.chain, leaves: head.sequence };
  }

  /**
   * Entries `from` to `to - 1` in order, opened as far as keys are left. Holds the openings of one appended batch at a time.
   *
   * @throws PhalanxError `RECORD_CORRUPT` where openings are missing or altered
   */
  read(from: number, to: number): AsyncGenerator<LoggedEntry> {
    return this.#read(from, to, EVERY_KIND);
  }

  async *#read(from: number, to: number, kinds: readonly BoxKind[]): AsyncGenerator<LoggedEntry> {
    let at = from;
    for (const batch of this.#openings.read(from, to)) {
      const begin = Math.max(from, batch.first);
      const end = Math.min(to, batch.first + batch.count);
      yield* this.#readEntries(at, begin, null);
      yield* this.#readEntries(
        begin,
        end,
        await openBatch(batch, this.#keys, kinds, (index) => index >= begin && index < end),
      );
      at = end;
    }
    yield* this.#readEntries(at, to, null);
  }

  /** @param opened null where no openings lie, since there are statements only */
  *#readEntries(
    from: number,
    to: number,
    opened: ReadonlyMap<number, OpenedExchange> | null,
  ): Generator<LoggedEntry> {
    const seg = this.#openings.segmentEntries;
    for (let at = from; at < to; ) {
      const end = Math.min(to, at - (at % seg) + seg);
      for (const [i, entry] of this.#log.readEntries(at, end).entries()) {
        const index = at + i;
        if (entry[0] !== EXCHANGE_LEAF) yield { index, entry, exchange: null };
        else if (opened === null) throw missingOpenings(index);
        else
          yield {
            index,
            entry,
            exchange: { leaf: parseExchangeLeaf(entry), opened: opened.get(index) ?? null },
          };
      }
      at = end;
    }
  }

  /**
   * Some exchange entries, opened as far as keys are left; boxes without any of them stay shut.
   *
   * @param indices ascending
   * @throws PhalanxError `RECORD_CORRUPT` where openings are missing or altered; `RECORD_LEAF` for a statement
   */
  async *readExchanges(
    indices: readonly number[],
  ): AsyncGenerator<LoggedEntry & { readonly exchange: LoggedExchange }> {
    let done = 0;
    const countBelow = (end: number): number => {
      let count = done;
      while (count < indices.length && indices[count]! < end) count++;
      return count;
    };
    const to = (indices.at(-1) ?? -1) + 1;
    const hasWanted = (first: number, count: number): boolean => countBelow(first + count) > done;
    for (const batch of this.#openings.read(indices[0] ?? 0, to, hasWanted)) {
      if (indices[done]! < batch.first) break;
      const wanted = new Set(indices.slice(done, countBelow(batch.first + batch.count)));
      const opened = await openBatch(batch, this.#keys, EVERY_KIND, (index) => wanted.has(index));
      for (const index of wanted) {
        const [entry] = this.#log.readEntries(index, index + 1) as [Uint8Array];
        const leaf = parseExchangeLeaf(entry);
        yield { index, entry, exchange: { leaf, opened: opened.get(index) ?? null } };
      }
      done += wanted.size;
    }
    if (done < indices.length) throw missingOpenings(indices[done]!);
  }

  /** Entries that are no exchanges, oldest first. Reads the whole log. */
  *findStatements(): Generator<{ index: number; entry: Uint8Array }> {
    for (const each of this.#entries(0, this.#log.size)) if (each.entry[0] !== EXCHANGE_LEAF) yield each;
  }

  /** The entries of some chains, without their openings. Reads the whole log. */
  *findLeaves(chains: ReadonlySet<string>): Generator<{ index: number; entry: Uint8Array }> {
    for (const each of this.#entries(0, this.#log.size))
      if (each.entry[0] === EXCHANGE_LEAF && chains.has(toHex(each.entry.subarray(1, 17)))) yield each;
  }

  *#entries(from: number, to: number): Generator<{ index: number; entry: Uint8Array }> {
    const seg = this.#openings.segmentEntries;
    for (let at = from; at < to; ) {
      const end = Math.min(to, at - (at % seg) + seg);
      for (const [i, entry] of this.#log.readEntries(at, end).entries()) yield { index: at + i, entry };
      at = end;
    }
  }

  /**
   * Destroys the keys of an account, logs that, and forgets which chain was the account's. The leaves stay, and every proof with
   * them. After an interruption it can be called again.
   *
   * @param tell makes the statement
   * @throws PhalanxError `RECORD_UNKNOWN`; `RECORD_LEAF` for what cannot be told, with nothing destroyed
   */
  erase(account: bigint, tell: (chain: string, keysDestroyed: number) => Statement): Promise<number> {
    return this.#inTurn(async () => {
      this.#requireWorking();
      const head = this.#chains.find(account);
      if (head === null)
        throw new PhalanxError<RecordErrorCode>('RECORD_UNKNOWN', 'no exchange of this account is on record');
      formatStatement(tell(toHex(head.chain), 0));
      // The account is found again by its keys or by the snapshot; the keys go now.
      if (this.#chains.size > this.#savedAt) this.#save();
      const destroyed = (await this.#keys.text.erase(account)) + (await this.#keys.rest.erase(account));
      const index = this.#log.append([formatStatement(tell(toHex(head.chain), destroyed))]);
      this.#chains.size = this.#log.size;
      this.#chains.forget(account);
      this.#save();
      return index;
    });
  }

  /** See `TransparencyLog.publish`. */
  publish(): Promise<Uint8Array> {
    return this.#inTurn(() => this.#log.publish());
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#failure === null && this.#chains.size > this.#savedAt) this.#save();
    });
    this.#log.close();
    this.#disk.close();
  }

  async #appendBatch(batch: readonly Observation[]): Promise<void> {
    const first = this.#log.size;
    const slab = Buffer.allocUnsafe(batch.length * EXCHANGE_LEAF_BYTES);
    const leaves = batch.map(({ account, atMs, commitments }, i) => {
      const head = this.#chains.findOrBegin(account);
      const { chain, sequence, previous } = head;
      const at = i * EXCHANGE_LEAF_BYTES;
      writeExchangeLeaf(slab, at, { chain, sequence, previous, atMs, commitments });
      const leaf = slab.subarray(at, at + EXCHANGE_LEAF_BYTES);
      head.sequence++;
      head.previous = hashLeaf(leaf);
      return leaf;
    });
    this.#openings.append(first, batch.length, await sealBatch(batch, this.#keys));
    this.#log.append(leaves);
    this.#chains.size = this.#log.size;
  }

  /** Chains as the leaves after the snapshot show them. Whose they are is told by the keys that sealed their openings. */
  async #catchUp(): Promise<void> {
    const to = this.#log.size;
    const seg = this.#openings.segmentEntries;
    // By segments: a map of all leaves since the snapshot may pass what a Map holds, 2^24.
    for (let at = this.#chains.size; at < to; ) {
      const end = Math.min(to, at - (at % seg) + seg);
      const accounts = await this.#findOwners(at, end);
      for (const [i, entry] of this.#log.readEntries(at, end).entries()) {
        const account = accounts.get(at + i);
        if (account === undefined || entry[0] !== EXCHANGE_LEAF) continue;
        const { chain, sequence } = parseExchangeLeaf(entry);
        this.#chains.restore(account, { chain, sequence: sequence + 1, previous: hashLeaf(entry) });
      }
      at = end;
    }
    this.#chains.size = to;
  }

  async #findOwners(from: number, to: number): Promise<Map<number, bigint>> {
    const accounts = new Map<number, bigint>();
    for (const { first, boxes } of this.#openings.read(from, to))
      for (const { kind, keyId, day, places } of boxes) {
        if (kind !== BoxKind.REST) continue;
        const owner = await this.#keys.rest.findNamed(keyId, day);
        if (owner !== null) for (const place of places) accounts.set(first + place, owner.account);
      }
    return accounts;
  }

  async #readRecent(): Promise<RecentIds> {
    const recent = new RecentIds();
    const from = Math.max(0, this.#log.size - recent.capacity);
    for await (const { exchange } of this.#read(from, this.#log.size, [BoxKind.REST]))
      if (exchange?.opened) recent.add(exchange.opened.id, exchange.leaf.chain, exchange.leaf.atMs);
    return recent;
  }

  #saveWhenDue(): void {
    const grown = this.#chains.size - this.#savedAt;
    if (grown >= Math.max(SNAPSHOT_LEAVES, SNAPSHOT_LEAVES_PER_ACCOUNT * this.#chains.accounts)) this.#save();
  }

  #save(): void {
    this.#chains.save(this.#disk);
    this.#savedAt = this.#chains.size;
  }

  #requireWorking(): void {
    if (this.#failure !== null)
      throw new PhalanxError<RecordErrorCode>('RECORD_STOPPED', 'an exchange could not be logged before', {
        cause: this.#failure,
        advice: 'End the process, look after the disk, start again: what was acknowledged is kept.',
      });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(act);
    this.#tail = mine.catch(() => undefined);
    return mine;
  }
}

function missingOpenings(index: number): PhalanxError<RecordErrorCode> {
  return new PhalanxError('RECORD_CORRUPT', `the openings of entry ${index} are missing`, {
    advice: 'Restore the folder `openings` from a copy; the log itself needs no opening to stay provable.',
  });
}

/** Index after the last exchange leaf; 0 without one. Statements are few: it is near the end. */
function findExchangesEnd(log: TransparencyLog): number {
  for (let end = log.size; end > 0; ) {
    const start = Math.floor((end - 1) / 256) * 256;
    const entries = log.readEntries(start, end);
    for (let i = entries.length - 1; i >= 0; i--) if (entries[i]![0] === EXCHANGE_LEAF) return start + i + 1;
    end = start;
  }
  return 0;
}
