import { parseCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { FolderReader } from './folder-reader.js';
import type { ServedLog } from './log-server.js';
import type { HashReader } from './merkle-tree.js';
import { SEGMENT_ENTRIES, SegmentReader } from './segment-reader.js';
import { parseNote } from './signed-note.js';
import type { TilePath } from './tile-path.js';

/**
 * A log in a folder, read while another process writes it. It sees what the checkpoint in the folder covers: that is on the disk,
 * and does not change. The checkpoint's signature is left to those who have the key.
 */
export class LogReader implements ServedLog {
  readonly #folder: FolderReader;
  readonly #reader: SegmentReader;
  /** Covered by a checkpoint that was read. */
  #size = 0;

  /** @param segmentEntries see `SegmentLog.open` */
  constructor(folder: string, segmentEntries = SEGMENT_ENTRIES) {
    this.#folder = new FolderReader(folder);
    this.#reader = new SegmentReader(this.#folder, segmentEntries);
  }

  /**
   * The checkpoint as it is now.
   *
   * @throws PhalanxError `LEDGER_NOTE`, `LEDGER_CHECKPOINT` when the file is damaged
   */
  get served(): SignedCheckpoint | null {
    const note = this.#folder.readReplaced('checkpoint');
    if (note === null) return null;
    const checkpoint = parseCheckpoint(parseNote(note).text);
    this.#size = Math.max(this.#size, checkpoint.size);
    return { note, checkpoint };
  }

  readTile(tile: TilePath): Uint8Array | null {
    return this.#reader.readTile(tile, this.#size) ?? this.#reader.readTile(tile, this.#sizeNow());
  }

  /** See `SegmentReader.verifyEntries`. */
  verifyEntries(from: number, to: number): number {
    return this.#reader.verifyEntries(from, to);
  }

  /** See `SegmentReader.frameEnd`. */
  frameEnd(index: number): number {
    return this.#reader.frameEnd(index);
  }

  /** Hashes for proofs over the first `size` leaves. */
  hashReader(size: number): HashReader {
    return this.#reader.hashReader(size);
  }

  #sizeNow(): number {
    return this.served?.checkpoint.size ?? 0;
  }

  close(): void {
    this.#folder.close();
  }
}
