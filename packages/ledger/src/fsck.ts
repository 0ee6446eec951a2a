import { PhalanxError } from '@phalanx/core';
import { parseCheckpoint } from './checkpoint.js';
import { type Disk, readWhole } from './disk.js';
import { HASH_BYTES, hashLeaf, isSameHash } from './merkle-hash.js';
import { readRoot } from './merkle-tree.js';
import { SegmentLog } from './segment-log.js';
import { SEGMENT_ENTRIES } from './segment-reader.js';
import { type NoteVerifier, openNote } from './signed-note.js';
import { TILE_WIDTH } from './tile-path.js';
import { TileStack } from './tile-stack.js';

/** What a check of a whole log found. */
export interface LogCheck {
  /** Entries read. */
  readonly size: number;
  /** Entries that the checkpoint on the disk covers; null without one. */
  readonly signedSize: number | null;
  /** The first thing that is wrong, in words; null when nothing is. */
  readonly fault: string | null;
}

/**
 * Reads every entry of a log, hashes the whole tree again and compares: each stored hash of each level, and the root that the
 * checkpoint signs. Opening cuts a torn last write off, as every start does; nothing else is changed.
 *
 * @param segmentEntries see `SegmentLog.open`
 */
export async function checkLog(
  disk: Disk,
  verifiers: readonly NoteVerifier[],
  segmentEntries = SEGMENT_ENTRIES,
): Promise<LogCheck> {
  let size = 0;
  let signedSize: number | null = null;
  try {
    const log = SegmentLog.open(disk, segmentEntries);
    const seen: number[] = [];
    const stack = new TileStack((level, hash) => {
      const index = (seen[level] ??= 0);
      seen[level]!++;
      const place = index % TILE_WIDTH;
      const tile = log.readTile({ level, index: (index - place) / TILE_WIDTH, width: place + 1 });
      if (tile === null || !isSameHash(tile.subarray(place * HASH_BYTES), hash))
        throw new Fault(`hash ${index} of level ${level} is not that of the entries`);
    });
    while (size < log.size) {
      const end = Math.min(log.size, size + TILE_WIDTH);
      for (const entry of log.readEntries(size, end)) stack.append(hashLeaf(entry));
      size = end;
    }
    const note = readWhole(disk, 'checkpoint');
    if (note !== null) {
      const checkpoint = parseCheckpoint(openNote(note, verifiers).text);
      signedSize = checkpoint.size;
      if (signedSize > size) throw new Fault(`${signedSize} entries were signed, ${size} are there`);
      if (!isSameHash(await readRoot(signedSize, log.hashReader(signedSize)), checkpoint.root))
        throw new Fault(`the first ${signedSize} entries are not those that were signed`);
    }
    return { size, signedSize, fault: null };
  } catch (error) {
    if (error instanceof Fault || PhalanxError.is(error)) return { size, signedSize, fault: error.message };
    throw error;
  }
}

class Fault extends Error {}
