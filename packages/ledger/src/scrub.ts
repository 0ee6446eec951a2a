import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, PhalanxError } from '@phalanx/core';
import type { SignedCheckpoint } from './checkpoint.js';
import { type Disk, readWhole } from './disk.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { HASH_BYTES, isSameHash } from './merkle-hash.js';
import { type HashReader, readRoot } from './merkle-tree.js';
import { TILE_WIDTH, type TilePath } from './tile-path.js';
import { foldHashes } from './tile-stack.js';

/** A log whose disk is looked after; `LogReader` is one. */
export interface ScrubbedLog {
  readonly served: SignedCheckpoint | null;
  /** See `SegmentReader`. */
  frameEnd(index: number): number;
  verifyEntries(from: number, to: number): number;
  readTile(tile: TilePath): Uint8Array | null;
  hashReader(size: number): HashReader;
}

/** How a log is scrubbed. */
export interface ScrubSettings {
  readonly log: ScrubbedLog;
  /** Keeps the position, in the file `scrub`. */
  readonly state: Disk;
  /** Bytes a second on average. Default 4 MiB: a terabyte in three days. */
  readonly bytesPerSecond?: number;
  /** Time between two passes, and between looks at a log without new entries. Default 1 min. */
  readonly pauseMs?: number;
  /**
   * A fault is looked at once more after that time before it is told: a writer that starts makes hashes again. Default 10 s.
   */
  readonly recheckMs?: number;
  readonly clock: Clock;
  /** Ends the scrub. */
  readonly signal: AbortSignal;
  /** Told after each step: where it is, the size of this pass, and whole passes since the position was first kept. */
  readonly onStep?: (next: number, size: number, passes: number) => void;
}

const POSITION = 'scrub';
const POSITION_BYTES = 16;
/** The position is written that often: reading a little twice after a restart costs less than a sync a step. */
const KEEP_MS = 10_000;

/**
 * Reads a log again and again at a bounded rate: each entry is hashed and compared with its leaf hash, each full tile with its hash in the
 * level above, and after each pass the root with the checkpoint. Disks lose bits without a word; a log hears of it here
 * before a reader does.
 *
 * @returns the first fault in words; null when the signal ended it
 */
export async function scrubLog(settings: ScrubSettings): Promise<string | null> {
  const { log, state, clock, signal, bytesPerSecond = 2 ** 22, pauseMs = 60_000, onStep } = settings;
  let { next, passes } = readPosition(state);
  let keptMs = clock.nowMs();
  while (!signal.aborted) {
    const step = await twice(() => scrubStep(log, next), settings.recheckMs ?? 10_000, signal);
    if (typeof step === 'string') return step;
    const { end, size, bytes } = step;
    const isPass = end === 0;
    if (isPass && size > 0) passes++;
    next = end;
    if (isPass || clock.nowMs() - keptMs >= KEEP_MS) {
      keep(state, next, passes);
      keptMs = clock.nowMs();
    }
    onStep?.(next, size, passes);
    await pause(isPass ? pauseMs : (1000 * bytes) / bytesPerSecond, signal);
  }
  keep(state, next, passes);
  return null;
}

/** One frame, or at the end of a pass the root; a pass begins again with `end` 0. */
async function scrubStep(
  log: ScrubbedLog,
  next: number,
): Promise<{ end: number; size: number; bytes: number }> {
  const signed = log.served;
  if (signed === null) return { end: 0, size: 0, bytes: 0 };
  const { size, root } = signed.checkpoint;
  if (next >= size) {
    if (!isSameHash(await readRoot(size, log.hashReader(size)), root))
      throw new PhalanxError<LedgerErrorCode>(
        'LEDGER_CORRUPT',
        `the ${size} entries are not those that were signed`,
      );
    return { end: 0, size, bytes: 0 };
  }
  const end = Math.min(size, log.frameEnd(next));
  return { end, size, bytes: log.verifyEntries(next, end) + verifyTiles(log, next, end) };
}

/** What the work returns, or what is wrong when it fails twice. */
async function twice<T>(work: () => Promise<T>, recheckMs: number, signal: AbortSignal): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    await pause(recheckMs, signal);
  }
  try {
    return await work();
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    return error.message;
  }
}

/**
 * Full tiles that end within these entries, against the hash over each in the level above.
 *
 * @returns bytes read
 */
function verifyTiles(log: ScrubbedLog, from: number, to: number): number {
  let bytes = 0;
  for (let level = 0, span = TILE_WIDTH; span <= to; level++, span *= TILE_WIDTH)
    for (let index = Math.floor(from / span); (index + 1) * span <= to; index++) {
      const tile = log.readTile({ level, index, width: TILE_WIDTH });
      const place = index % TILE_WIDTH;
      const above = log.readTile({ level: level + 1, index: (index - place) / TILE_WIDTH, width: place + 1 });
      const over = above?.subarray(place * HASH_BYTES);
      if (tile === null || over === undefined || !isSameHash(foldHashes(tile, 0, TILE_WIDTH), over))
        throw new PhalanxError(
          'LEDGER_CORRUPT',
          `hash ${index} of level ${level + 1} is not that of its tile`,
        );
      bytes += tile.length + above!.length;
    }
  return bytes;
}

function readPosition(state: Disk): { next: number; passes: number } {
  const bytes = readWhole(state, POSITION);
  if (bytes?.length !== POSITION_BYTES) return { next: 0, passes: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { next: Number(view.getBigUint64(0)), passes: Number(view.getBigUint64(8)) };
}

function keep(state: Disk, next: number, passes: number): void {
  const bytes = new Uint8Array(POSITION_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(next));
  view.setBigUint64(8, BigInt(passes));
  state.replace(POSITION, bytes);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
