import { PhalanxError } from '@phalanx/core';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { type Disk, readWhole } from './disk.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { isSameHash } from './merkle-hash.js';
import { proveConsistency, proveInclusion, readRoot } from './merkle-tree.js';
import { SegmentLog } from './segment-log.js';
import { type NoteSigner, type NoteVerifier, openNote, signNote } from './signed-note.js';
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
}

const CHECKPOINT = 'checkpoint';

/**
 * An append-only log with signed checkpoints, for one process. It never signs a tree that does not continue every tree that it
 * signed before: what is signed is written to `state` first and published after.
 */
export class TransparencyLog {
  readonly #log: SegmentLog;
  readonly #settings: LogSettings;
  /** The last signed checkpoint, as bytes and as what it says. */
  #signed: { readonly note: Uint8Array; readonly checkpoint: Checkpoint } | null;
  #publishing: Promise<Uint8Array> | null = null;

  private constructor(log: SegmentLog, settings: LogSettings, signed: TransparencyLog['signed']) {
    this.#log = log;
    this.#settings = settings;
    this.#signed = signed;
  }

  /**
   * @throws PhalanxError `LEDGER_CORRUPT`; `LEDGER_ROLLBACK` when the disk holds less than was signed, or another tree: going on
   * would fork the log; what `openNote` throws when the last checkpoint is not by these keys
   */
  static async open(settings: LogSettings): Promise<TransparencyLog> {
    const { disk, state, verifiers, origin } = settings;
    const log = SegmentLog.open(disk, settings.segmentEntries);
    const note = readWhole(state, CHECKPOINT);
    if (note === null) return new TransparencyLog(log, settings, null);
    const checkpoint = parseCheckpoint(openNote(note, verifiers).text);
    if (checkpoint.origin !== origin)
      throw rollback(`the last checkpoint is of ${checkpoint.origin}, not of ${origin}`);
    if (checkpoint.size > log.size)
      throw rollback(`${checkpoint.size} entries were signed, ${log.size} are there`);
    if (!isSameHash(await readRoot(checkpoint.size, log.hashReader(checkpoint.size)), checkpoint.root))
      throw rollback(`the first ${checkpoint.size} entries are not those that were signed`);
    // The power may have gone between the two.
    disk.replace(CHECKPOINT, note);
    return new TransparencyLog(log, settings, { note, checkpoint });
  }

  /** Entries that survive a loss of power. */
  get size(): number {
    return this.#log.size;
  }

  /** The last signed checkpoint and its note; null before the first. */
  get signed(): { readonly note: Uint8Array; readonly checkpoint: Checkpoint } | null {
    return this.#signed;
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
   * @throws PhalanxError `LEDGER_CORRUPT`, `LEDGER_DISK`
   */
  publish(): Promise<Uint8Array> {
    this.#publishing ??= this.#publish().finally(() => {
      this.#publishing = null;
    });
    return this.#publishing;
  }

  async #publish(): Promise<Uint8Array> {
    const { disk, state, origin, signers } = this.#settings;
    const size = this.#log.size;
    const before = this.#signed?.checkpoint.size ?? 0;
    if (this.#signed !== null && size === before) return this.#signed.note;
    const root = this.#log.root();
    this.#log.verifyEntries(before, size);
    const checkpoint: Checkpoint = { origin, size, root, extensions: [] };
    const note = await signNote(formatCheckpoint(checkpoint), signers);
    try {
      state.replace(CHECKPOINT, note);
      this.#signed = { note, checkpoint };
      disk.replace(CHECKPOINT, note);
    } catch (cause) {
      throw new PhalanxError<LedgerErrorCode>('LEDGER_DISK', 'a checkpoint could not be written', {
        cause,
        advice: 'End the process, look after the disk, start again.',
      });
    }
    return note;
  }

  /**
   * Proof that an entry is in the last signed tree, ready to be handed over.
   *
   * @throws RangeError unless the checkpoint covers the entry
   */
  async prove(index: number, extra: Uint8Array | null = null): Promise<TlogProof> {
    if (this.#signed === null || index >= this.#signed.checkpoint.size)
      throw new RangeError(`no checkpoint covers entry ${index}`);
    const { note, checkpoint } = this.#signed;
    const inclusion = await proveInclusion(index, checkpoint.size, this.#log.hashReader(checkpoint.size));
    return { extra, index, inclusion, checkpoint: note };
  }

  /** Proof for a witness that the last signed tree continues the one of `oldSize`. */
  async proveConsistency(oldSize: number): Promise<Uint8Array[]> {
    const size = this.#signed?.checkpoint.size ?? 0;
    return proveConsistency(oldSize, size, this.#log.hashReader(size));
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
