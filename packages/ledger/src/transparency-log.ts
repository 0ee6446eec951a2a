import { PhalanxError } from '@phalanx/core';
import { type Checkpoint, formatCheckpoint, parseCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { type Disk, readWhole } from './disk.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { isSameHash } from './merkle-hash.js';
import { proveConsistency, proveInclusion, readRoot } from './merkle-tree.js';
import { SegmentLog } from './segment-log.js';
import {
  addSignatures,
  type NoteSigner,
  type NoteVerifier,
  openNote,
  parseNote,
  signNote,
} from './signed-note.js';
import type { TilePath } from './tile-path.js';
import type { TlogProof } from './tlog-proof.js';

/** What a log is opened with. */
export interface LogSettings {
  /** Holds entries, hashes and the checkpoint that is served. */
  readonly disk: Disk;
  /**
   * Holds the last checkpoint that was signed, best on another device and in another backup than `disk`: it is what a log
   * restored from an old copy is caught by.
   */
  readonly state: Disk;
  readonly origin: string;
  /** At least one; more while keys change. */
  readonly signers: readonly NoteSigner[];
  /** Keys by which the last checkpoint is known again; old ones too while keys change. */
  readonly verifiers: readonly NoteVerifier[];
  /** See `SegmentLog.open`. */
  readonly segmentEntries?: number;
  /**
   * Whether `publish` leaves what is served as it is, and only `serve` changes it: readers then see no checkpoint before its
   * witnesses have cosigned. Default false.
   */
  readonly servesCosignedOnly?: boolean;
}

const CHECKPOINT = 'checkpoint';

/**
 * An append-only log with signed checkpoints, for one process. It never signs a tree that does not continue every tree that it
 * signed before: what is signed is written to `state` first and published after.
 */
export class TransparencyLog {
  readonly #log: SegmentLog;
  readonly #settings: LogSettings;
  #signed: SignedCheckpoint | null = null;
  #served: SignedCheckpoint | null = null;
  #publishing: Promise<Uint8Array> | null = null;

  private constructor(log: SegmentLog, settings: LogSettings) {
    this.#log = log;
    this.#settings = settings;
  }

  /**
   * @throws PhalanxError `LEDGER_CORRUPT`; `LEDGER_ROLLBACK` when the disk holds less than was signed, or another tree: going on
   * would fork the log; what `openNote` throws when the last checkpoint is not by these keys
   */
  static async open(settings: LogSettings): Promise<TransparencyLog> {
    const log = new TransparencyLog(SegmentLog.open(settings.disk, settings.segmentEntries), settings);
    await log.#recover();
    return log;
  }

  /**
   * Two notes are left from before: the one that was signed last, in `state`, and the one that was served, on `disk`, perhaps with
   * cosignatures. Whichever is newer was seen by others.
   */
  async #recover(): Promise<void> {
    const { disk, state, servesCosignedOnly } = this.#settings;
    const signed = this.#readNote(state);
    let served: SignedCheckpoint | null = null;
    try {
      served = this.#readNote(disk);
    } catch (error) {
      // A damaged copy is written again, if there is what to write.
      if (signed === null || !PhalanxError.is(error)) throw error;
      disk.replace(CHECKPOINT, signed.note);
      served = signed;
    }
    for (const each of [signed, served]) if (each !== null) await this.#checkContinues(each.checkpoint);
    if (served !== null && served.checkpoint.size > (signed?.checkpoint.size ?? -1)) {
      state.replace(CHECKPOINT, served.note);
      this.#signed = served;
    } else this.#signed = signed;
    this.#served = served;
    // The power may have gone between the two.
    if (!servesCosignedOnly && this.#signed !== null) this.#replaceServed(this.#signed);
  }

  #readNote(from: Disk): SignedCheckpoint | null {
    const note = readWhole(from, CHECKPOINT);
    if (note === null) return null;
    return { note, checkpoint: parseCheckpoint(openNote(note, this.#settings.verifiers).text) };
  }

  async #checkContinues({ origin, size, root }: Checkpoint): Promise<void> {
    if (origin !== this.#settings.origin)
      throw rollback(`the last checkpoint is of ${origin}, not of ${this.#settings.origin}`);
    if (size > this.#log.size) throw rollback(`${size} entries were signed, ${this.#log.size} are there`);
    if (!isSameHash(await readRoot(size, this.#log.hashReader(size)), root))
      throw rollback(`the first ${size} entries are not those that were signed`);
  }

  /** Entries that survive a loss of power. */
  get size(): number {
    return this.#log.size;
  }

  /** The last signed checkpoint and its note; null before the first. */
  get signed(): SignedCheckpoint | null {
    return this.#signed;
  }

  /** What readers are shown: the last signed checkpoint, or the last cosigned one; null before the first. Never older than before. */
  get served(): SignedCheckpoint | null {
    return this.#served;
  }

  /** See `SegmentLog.append`. */
  append(entries: readonly Uint8Array[]): number {
    return this.#log.append(entries);
  }

  /** See `SegmentLog.readEntries`. */
  readEntries(from: number, to: number): Uint8Array[] {
    return this.#log.readEntries(from, to);
  }

  /** See `SegmentLog.readTile`. */
  readTile(tile: TilePath): Uint8Array | null {
    return this.#log.readTile(tile);
  }

  /**
   * Signs a checkpoint over all entries so far and publishes it. Entries that it is the first to cover are read from the disk and
   * hashed again before: logs have been lost to one bit that flipped between hashing and writing.
   *
   * @returns the signed checkpoint; the last one again when nothing was added
   * @throws PhalanxError `LEDGER_CORRUPT`; `LEDGER_DISK`, also when an earlier call failed. After either nothing is acknowledged,
   * signed or served any more
   */
  publish(): Promise<Uint8Array> {
    this.#publishing ??= this.#publish().finally(() => {
      this.#publishing = null;
    });
    return this.#publishing;
  }

  async #publish(): Promise<Uint8Array> {
    const { state, origin, signers, servesCosignedOnly } = this.#settings;
    this.#log.requireWorking();
    const size = this.#log.size;
    const before = this.#signed?.checkpoint.size ?? 0;
    if (this.#signed !== null && size === before) return this.#signed.note;
    const root = this.#log.root();
    try {
      this.#log.verifyEntries(before, size);
    } catch (error) {
      if (PhalanxError.is(error)) this.#log.stop(error);
      throw error;
    }
    const checkpoint: Checkpoint = { origin, size, root, extensions: [] };
    const note = await signNote(formatCheckpoint(checkpoint), signers);
    try {
      state.replace(CHECKPOINT, note);
      this.#signed = { note, checkpoint };
      if (!servesCosignedOnly) this.#replaceServed(this.#signed);
    } catch (cause) {
      this.#log.stop(cause);
      throw unwritten(cause);
    }
    return note;
  }

  /**
   * Serves a checkpoint that this log signed and others have cosigned since, see `gatherCosignatures`. Cosignatures that are served
   * already for the same checkpoint stay.
   *
   * @returns whether it is served now; false when a newer one is
   * @throws PhalanxError what `openNote` and `parseCheckpoint` throw; `LEDGER_CHECKPOINT` for one that this log did not sign; `LEDGER_DISK`
   */
  serve(note: Uint8Array): boolean {
    const checkpoint = parseCheckpoint(openNote(note, this.#settings.verifiers).text);
    if (
      checkpoint.origin !== this.#settings.origin ||
      checkpoint.size > (this.#signed?.checkpoint.size ?? -1)
    )
      throw new PhalanxError<LedgerErrorCode>('LEDGER_CHECKPOINT', 'not a checkpoint that this log signed');
    if (checkpoint.size < (this.#served?.checkpoint.size ?? 0)) return false;
    this.#log.requireWorking();
    try {
      this.#replaceServed({ note, checkpoint });
    } catch (cause) {
      this.#log.stop(cause);
      throw unwritten(cause);
    }
    return true;
  }

  #replaceServed({ note, checkpoint }: SignedCheckpoint): void {
    let whole = note;
    if (this.#served !== null) {
      if (parseNote(this.#served.note).text === parseNote(note).text)
        whole = addSignatures(this.#served.note, parseNote(note).signatures);
      if (Buffer.from(whole).equals(this.#served.note)) return;
    }
    this.#settings.disk.replace(CHECKPOINT, whole);
    this.#served = { note: whole, checkpoint };
  }

  /**
   * Proof that an entry is in a tree that this log signed, ready to be handed over.
   *
   * @param within the checkpoint to prove it in; by default the one that is served
   * @throws RangeError unless the checkpoint covers the entry
   */
  async prove(
    index: number,
    extra: Uint8Array | null = null,
    within: SignedCheckpoint | null = this.#served,
  ): Promise<TlogProof> {
    if (within === null || index >= within.checkpoint.size)
      throw new RangeError(`no checkpoint covers entry ${index}`);
    const { size } = within.checkpoint;
    const inclusion = await proveInclusion(index, size, this.#log.hashReader(size));
    return { extra, index, inclusion, checkpoint: within.note };
  }

  /**
   * Proof for a witness that one tree continues another.
   *
   * @param newSize by default the last signed one
   */
  async proveConsistency(
    oldSize: number,
    newSize = this.#signed?.checkpoint.size ?? 0,
  ): Promise<Uint8Array[]> {
    return proveConsistency(oldSize, newSize, this.#log.hashReader(newSize));
  }

  close(): void {
    this.#log.close();
    this.#settings.state.close();
  }
}

function rollback(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_ROLLBACK', `the log may have been rolled back: ${what}`, {
    advice:
      'Find the newer copy of the folder. Signing on would show two trees of one log, which is proof of fraud.',
  });
}

function unwritten(cause: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_DISK', 'a checkpoint could not be written', {
    cause,
    advice: 'End the process, look after the disk, start again.',
  });
}
