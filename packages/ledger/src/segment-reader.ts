import { PhalanxError } from '@phalanx/core';
import type { Disk } from './disk.js';
import { formatEntryBundle, parseEntries } from './entry-bundle.js';
import { FRAME_HEADER_BYTES, type Frame, readFrame } from './frame.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { HASH_BYTES, hashLeaf, isSameHash } from './merkle-hash.js';
import type { HashReader } from './merkle-tree.js';
import { readHashesFromTiles } from './tile-hashes.js';
import { TILE_WIDTH, type TilePath, tileWidth } from './tile-path.js';

/** Entries of a segment file, hashes of a hash file: 256 tiles, so that a segment begins with empty tiles at levels 0 and 1. */
export const SEGMENT_ENTRIES = 65_536;
/** Segments whose frames are remembered for reading. */
const KEPT_SEGMENTS = 8;

/** What reading a log asks of a disk. */
export type ReadableDisk = Pick<Disk, 'size' | 'read'>;

/** Reads the segment files of one log, also while another process appends to them. Sees no further than it is asked to. */
export class SegmentReader {
  readonly #disk: ReadableDisk;
  readonly #segmentEntries: number;
  readonly #frames = new Map<number, Frame[]>();
  /** The frame that was read last: bundles are a fraction of one, and are asked for one after another. */
  #recent: { readonly segment: number; readonly at: number; readonly entries: Uint8Array[] } | null = null;

  /** @param segmentEntries see `SegmentLog.open` */
  constructor(disk: ReadableDisk, segmentEntries: number) {
    this.#disk = disk;
    this.#segmentEntries = segmentEntries;
  }

  /**
   * A hash tile or an entry bundle of a log of `size` entries, as it is served; null when the log has not come so far.
   *
   * @throws PhalanxError `LEDGER_CORRUPT`
   */
  readTile(tile: TilePath, size: number): Uint8Array | null {
    if (tile.width > tileWidth(tile.level, tile.index, size)) return null;
    const first = tile.index * TILE_WIDTH;
    if (tile.level === 'entries') return formatEntryBundle(this.readEntries(first, first + tile.width));
    const path = hashPath(tile.level, Math.floor(first / this.#segmentEntries));
    const bytes = this.#disk.read(path, (first % this.#segmentEntries) * HASH_BYTES, tile.width * HASH_BYTES);
    if (bytes.length < tile.width * HASH_BYTES) throw corrupt(`${path} is too short`);
    return bytes;
  }

  /**
   * Entries `from` to `to - 1`, of one segment.
   *
   * @throws RangeError for entries of more than one; PhalanxError `LEDGER_CORRUPT` when they are not all there
   */
  readEntries(from: number, to: number): Uint8Array[] {
    if (from === to) return [];
    const segment = Math.floor(from / this.#segmentEntries);
    if (Math.floor((to - 1) / this.#segmentEntries) !== segment)
      throw new RangeError('more than one segment');
    const out: Uint8Array[] = [];
    for (const frame of this.#framesBetween(segment, from, to)) {
      const entries = this.#recentEntriesOf(segment, frame);
      for (const entry of entries.slice(Math.max(0, from - frame.first), to - frame.first)) out.push(entry);
    }
    if (out.length !== to - from) throw corrupt(`${entryPath(segment)} lacks entries`);
    return out;
  }

  /**
   * Reads the frames of entries `from` to `to - 1` from the disk and hashes them again.
   *
   * @returns bytes read
   * @throws PhalanxError `LEDGER_CORRUPT` when one is not what was hashed as it was appended
   */
  verifyEntries(from: number, to: number): number {
    let bytes = 0;
    for (
      let segment = Math.floor(from / this.#segmentEntries);
      segment * this.#segmentEntries < to;
      segment++
    )
      for (const frame of this.#framesBetween(segment, from, to)) {
        const { first, count } = frame;
        const hashes = this.#disk.read(
          hashPath(0, segment),
          (first % this.#segmentEntries) * HASH_BYTES,
          count * HASH_BYTES,
        );
        for (const [i, entry] of this.#entriesOf(segment, frame).entries())
          if (!isSameHash(hashLeaf(entry), hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)))
            throw corrupt(`entry ${first + i} is not the one that was hashed`);
        bytes += FRAME_HEADER_BYTES + frame.payloadBytes + hashes.length;
      }
    return bytes;
  }

  /**
   * The entry after the frame that holds entry `index`: frames are checked whole.
   *
   * @throws PhalanxError `LEDGER_CORRUPT` when no frame holds it
   */
  frameEnd(index: number): number {
    const segment = Math.floor(index / this.#segmentEntries);
    const [frame] = this.#framesBetween(segment, index, index + 1);
    if (frame === undefined) throw corrupt(`${entryPath(segment)} lacks entry ${index}`);
    return frame.first + frame.count;
  }

  /** Hashes for proofs over the first `size` leaves. */
  hashReader(size: number): HashReader {
    return readHashesFromTiles(size, async (tile) => this.readTile(tile, size)!);
  }

  /** Remembers a frame that the caller has just written behind all others. */
  addFrame(segment: number, frame: Frame): void {
    this.#framesOf(segment, frame.first).push(frame);
  }

  /** Frames of a segment that hold any of the entries `from` to `to - 1`. */
  #framesBetween(segment: number, from: number, to: number): Frame[] {
    const frames = this.#framesOf(segment, to);
    // A hammered log of one-entry frames has 65,536 a segment: the first one is searched by halving.
    let low = 0;
    for (let high = frames.length; low < high; ) {
      const middle = (low + high) >>> 1;
      const { first, count } = frames[middle]!;
      if (first + count <= from) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (end < frames.length && frames[end]!.first < to) end++;
    return frames.slice(low, end);
  }

  /** Frames of a segment up to the one that holds entry `to - 1`, or all there are; more if more were read before. */
  #framesOf(segment: number, to: number): Frame[] {
    let frames = this.#frames.get(segment);
    if (frames === undefined) {
      frames = [];
      this.#frames.set(segment, frames);
      if (this.#frames.size > KEPT_SEGMENTS) this.#frames.delete(this.#frames.keys().next().value!);
    }
    const last = frames.at(-1);
    const known = last === undefined ? segment * this.#segmentEntries : last.first + last.count;
    if (known >= to) return frames;
    const from = last === undefined ? 0 : last.at + FRAME_HEADER_BYTES + last.payloadBytes;
    for (const { frame } of walkFrames(this.#disk, entryPath(segment), from)) {
      frames.push(frame);
      if (frame.first + frame.count >= to) break;
    }
    return frames;
  }

  #recentEntriesOf(segment: number, frame: Frame): Uint8Array[] {
    if (this.#recent === null || this.#recent.segment !== segment || this.#recent.at !== frame.at)
      this.#recent = { segment, at: frame.at, entries: this.#entriesOf(segment, frame) };
    return this.#recent.entries;
  }

  #entriesOf(segment: number, { at }: Frame): Uint8Array[] {
    const path = entryPath(segment);
    const found = readFrame((from, length) => this.#disk.read(path, from, length), at);
    if (found === null) throw corrupt(`${path} is altered at byte ${at}`);
    return entriesIn(found.frame, found.payload);
  }
}

/** Whole frames of a file from byte `from` on, one after another. */
export function* walkFrames(
  disk: ReadableDisk,
  path: string,
  from = 0,
): Generator<{ frame: Frame; payload: Uint8Array }> {
  const read = (at: number, length: number): Uint8Array => disk.read(path, at, length);
  for (let found = readFrame(read, from); found !== null; ) {
    yield found;
    found = readFrame(read, found.frame.at + FRAME_HEADER_BYTES + found.frame.payloadBytes);
  }
}

/**
 * Entries of a frame. A checksum that holds over a count that does not is a fault of the writer.
 *
 * @throws PhalanxError `LEDGER_CORRUPT`
 */
export function entriesIn({ first, count }: Frame, payload: Uint8Array): Uint8Array[] {
  const entries = parseEntries(payload);
  if (entries.length !== count)
    throw corrupt(`the frame of entry ${first} has ${entries.length} entries, not ${count}`);
  return entries;
}

/** Name of a segment file. */
export function segmentName(n: number): string {
  return String(n).padStart(9, '0');
}

/** Path of a segment's entries. */
export function entryPath(segment: number): string {
  return `entries/${segmentName(segment)}`;
}

/** Path of a segment of the hashes of one level. */
export function hashPath(level: number, segment: number): string {
  return `hashes/${level}/${segmentName(segment)}`;
}

/** What the reader and the writer say of a damaged log. */
export function corrupt(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_CORRUPT', `the log on disk is damaged: ${what}`, {
    advice: 'Restore the folder from a copy or a mirror; do not sign with it before.',
  });
}
