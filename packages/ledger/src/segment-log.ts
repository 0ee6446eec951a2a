import { PhalanxError } from '@phalanx/core';
import { appendWhole, type Disk } from './disk.js';
import { MAX_ENTRY_BYTES } from './entry-bundle.js';
import { FRAME_HEADER_BYTES, findFrame, formatFrame, MAX_PAYLOAD_BYTES } from './frame.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { HASH_BYTES, hashLeaf } from './merkle-hash.js';
import type { HashReader } from './merkle-tree.js';
import {
  corrupt,
  entriesIn,
  entryPath,
  hashPath,
  SEGMENT_ENTRIES,
  SegmentReader,
  segmentName,
  walkFrames,
} from './segment-reader.js';
import { TILE_WIDTH, type TilePath } from './tile-path.js';
import { TileStack } from './tile-stack.js';

const LEVELS = 7;

/**
 * Entries and tree hashes of one log in a folder.
 *
 * `entries/000000000` and so on hold the entries, as checksummed frames of one batch each. They are the truth: a batch is
 * acknowledged when its frame is synced. `hashes/<level>/000000000` hold the hashes of that level one after another, so that a
 * full tile is a slice; they are synced when a segment is full, and what came later is made again from the entries.
 *
 * Measured: one sync a batch and few large files carry several times the entries of one file a tile.
 */
export class SegmentLog {
  readonly #disk: Disk;
  readonly #segmentEntries: number;
  readonly #stack: TileStack;
  readonly #pending: Uint8Array[][] = [];
  readonly #reader: SegmentReader;
  #size = 0;
  #failure: unknown = null;

  private constructor(disk: Disk, segmentEntries: number) {
    this.#disk = disk;
    this.#segmentEntries = segmentEntries;
    this.#reader = new SegmentReader(disk, segmentEntries);
    this.#stack = new TileStack((level, hash) => {
      (this.#pending[level] ??= []).push(hash);
    });
  }

  /**
   * Opens a log, or begins one. Whatever follows the last whole frame was never acknowledged and is cut off.
   *
   * @param segmentEntries a multiple of 256, always the same for one folder; smaller only in tests
   * @throws PhalanxError `LEDGER_CORRUPT` when acknowledged data is missing or altered
   */
  static open(disk: Disk, segmentEntries = SEGMENT_ENTRIES): SegmentLog {
    const log = new SegmentLog(disk, segmentEntries);
    log.#recover();
    return log;
  }

  /** Entries that survive a loss of power. */
  get size(): number {
    return this.#size;
  }

  root(): Uint8Array {
    return this.#stack.root();
  }

  /**
   * Appends a batch and returns the index of its first entry, when all of it survives a loss of power.
   *
   * @throws PhalanxError `LEDGER_TILE` for an entry above 65,535 bytes, with nothing written; `LEDGER_DISK` when the disk failed: what
   * is on it is then unknown, every further call fails too, and the process should end
   */
  append(entries: readonly Uint8Array[]): number {
    this.requireWorking();
    const long = entries.find(({ length }) => length > MAX_ENTRY_BYTES);
    if (long)
      throw new PhalanxError<LedgerErrorCode>('LEDGER_TILE', `an entry of ${long.length} bytes`, {
        advice: `Log a hash of what is longer than ${MAX_ENTRY_BYTES} bytes.`,
      });
    const first = this.#size;
    try {
      for (let done = 0; done < entries.length; ) {
        const room = this.#segmentEntries - (this.#size % this.#segmentEntries);
        const batch = takeFrame(entries, done, room);
        this.#write(batch);
        done += batch.length;
      }
    } catch (cause) {
      this.stop(cause);
      throw diskError('it does not take what is written', cause);
    }
    return first;
  }

  /** Acknowledges nothing from now on: what is on the disk is unknown, or damaged. */
  stop(cause: unknown): void {
    this.#failure ??= cause;
  }

  /** @throws PhalanxError `LEDGER_DISK` once the log has stopped */
  requireWorking(): void {
    if (this.#failure !== null) throw diskError('it failed before', this.#failure);
  }

  /** A hash tile or an entry bundle as it is served; null when the log has not come so far. */
  readTile(tile: TilePath): Uint8Array | null {
    return this.#reader.readTile(tile, this.#size);
  }

  /**
   * Entries `from` to `to - 1`, of one segment.
   *
   * @throws RangeError for entries that the log does not have; PhalanxError `LEDGER_CORRUPT`
   */
  readEntries(from: number, to: number): Uint8Array[] {
    if (!(from >= 0 && from <= to && to <= this.#size)) throw new RangeError(`no entries ${from} to ${to}`);
    return this.#reader.readEntries(from, to);
  }

  /** See `SegmentReader.verifyEntries`. */
  verifyEntries(from: number, to: number): void {
    this.#reader.verifyEntries(from, to);
  }

  /** Hashes for proofs over the first `size` leaves. */
  hashReader(size = this.#size): HashReader {
    return this.#reader.hashReader(size);
  }

  close(): void {
    this.#disk.close();
  }

  #write(batch: readonly Uint8Array[]): void {
    const segment = Math.floor(this.#size / this.#segmentEntries);
    const path = entryPath(segment);
    const payload = concatEntries(batch);
    const frame = {
      first: this.#size,
      count: batch.length,
      at: this.#disk.size(path) ?? 0,
      payloadBytes: payload.length,
    };
    appendWhole(this.#disk, path, formatFrame(frame.first, frame.count, payload));
    this.#disk.sync(path);
    this.#reader.addFrame(segment, frame);
    for (const entry of batch) this.#stack.append(hashLeaf(entry));
    this.#size += batch.length;
    this.#writeHashes();
    if (this.#size % this.#segmentEntries === 0) this.#syncHashes();
  }

  /** Hashes go where they belong; no file ends in the middle of a hash. */
  #writeHashes(): void {
    for (const [level, hashes] of this.#pending.entries()) {
      let at = Math.floor(this.#size / TILE_WIDTH ** level) - hashes.length;
      while (hashes.length > 0) {
        const part = hashes.splice(0, this.#segmentEntries - (at % this.#segmentEntries));
        appendWhole(this.#disk, hashPath(level, Math.floor(at / this.#segmentEntries)), Buffer.concat(part));
        at += part.length;
      }
    }
  }

  #syncHashes(): void {
    for (let level = 0; level < LEVELS; level++) {
      const last = this.#disk.list(`hashes/${level}`).at(-1);
      if (last !== undefined) this.#disk.sync(`hashes/${level}/${last}`);
    }
  }

  #recover(): void {
    const segments = this.#disk.list('entries');
    segments.forEach((name, n) => {
      if (name !== segmentName(n)) throw corrupt(`entries/${name} stands where ${segmentName(n)} should`);
    });
    const last = Math.max(0, segments.length - 1);
    const start = last * this.#segmentEntries;
    this.#restoreHashes(start);
    const path = entryPath(last);
    let end = 0;
    for (const { frame, payload } of walkFrames(this.#disk, path)) {
      if (frame.first !== this.#size)
        throw corrupt(`${path} goes on with entry ${frame.first} after ${this.#size}`);
      for (const entry of entriesIn(frame, payload)) this.#stack.append(hashLeaf(entry));
      this.#size += frame.count;
      end = frame.at + FRAME_HEADER_BYTES + frame.payloadBytes;
    }
    this.#cutTail(path, end);
    this.#writeHashes();
    if (this.#size - start === this.#segmentEntries) this.#syncHashes();
  }

  /**
   * Frames are synced one by one, so at most the last can be torn: when more follows than one frame, or a whole one, the frame
   * before it was acknowledged and has been altered since.
   */
  #cutTail(path: string, end: number): void {
    const rest = (this.#disk.size(path) ?? 0) - end;
    if (rest > FRAME_HEADER_BYTES + MAX_PAYLOAD_BYTES) throw corrupt(`${path} is altered at byte ${end}`);
    if (rest > 0) {
      if (findFrame(this.#disk.read(path, end, rest)) !== null)
        throw corrupt(`${path} is altered at byte ${end}`);
      this.#disk.truncate(path, end);
    }
    // A frame may be whole without having been synced: its writer was killed in between.
    this.#disk.sync(path);
  }

  /** Takes hash files back to where they were synced last, and the edge of the tree from there. */
  #restoreHashes(size: number): void {
    const partial: Uint8Array[] = [];
    for (let level = 0; level < LEVELS; level++) {
      const hashes = Math.floor(size / TILE_WIDTH ** level);
      const files = this.#disk.list(`hashes/${level}`);
      const needed = Math.ceil(hashes / this.#segmentEntries);
      for (let n = 0; n < Math.max(needed, files.length); n++) {
        const path = hashPath(level, n);
        const bytes =
          Math.max(0, Math.min(this.#segmentEntries, hashes - n * this.#segmentEntries)) * HASH_BYTES;
        const found = this.#disk.size(path) ?? 0;
        if (found < bytes) throw corrupt(`${path} has ${found} bytes of ${bytes}`);
        if (found > bytes) this.#disk.truncate(path, bytes);
      }
      const width = hashes % TILE_WIDTH;
      const first = hashes - width;
      partial.push(
        this.#disk.read(
          hashPath(level, Math.floor(first / this.#segmentEntries)),
          (first % this.#segmentEntries) * HASH_BYTES,
          width * HASH_BYTES,
        ),
      );
    }
    this.#stack.restore(partial);
    this.#size = size;
  }
}

/** As many entries from `from` on as fit a frame, at most `room`. */
function takeFrame(entries: readonly Uint8Array[], from: number, room: number): readonly Uint8Array[] {
  let to = from;
  for (let bytes = 0; to < entries.length && to - from < room; to++) {
    bytes += 2 + entries[to]!.length;
    if (bytes > MAX_PAYLOAD_BYTES) break;
  }
  return entries.slice(from, to);
}

function concatEntries(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, { length }) => sum + 2 + length, 0));
  let at = 0;
  for (const entry of entries) {
    at = bytes.writeUInt16BE(entry.length, at);
    bytes.set(entry, at);
    at += entry.length;
  }
  return bytes;
}

function diskError(what: string, cause: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_DISK', `the disk of the log: ${what}`, {
    cause,
    advice: 'End the process, look after the disk, start again: recovery keeps what was acknowledged.',
  });
}
