import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PhalanxError, toHex, utf8 } from '@phalanx/core';
import { checkLog, FolderDisk, openNote, parseCheckpoint, TransparencyLog } from '@phalanx/ledger';
import { entryOf, SEGMENT_ENTRIES, settingsOf, verifier } from './ledger-workload.js';

/** What the log had promised before the fault. */
export interface Promised {
  /** Entries that were acknowledged. */
  readonly acknowledged: number;
  /** Size of the largest checkpoint that was shown to anybody. */
  readonly shown: number;
}

/** What is left of a log after a fault, and what is wrong with it. */
export interface Aftermath {
  /** In words; empty when every promise was kept. */
  readonly faults: readonly string[];
  /** Checkpoints that could not be read when the log was opened, in words. A log writes the one that it shows again. */
  readonly unreadable: readonly string[];
  /** Why the log does not open; null when it does. */
  readonly refusal: string | null;
}

/**
 * Opens a log as the next process would and compares it with what was promised: every acknowledged entry is there, unaltered; no
 * checkpoint on a disk signs more than is there, or another tree; what was published had been put on the state disk before; nothing
 * that was shown is forgotten. Then it goes on with other entries, which must not part from what was signed, and checks all hashes.
 *
 * @param roots see `rootsUpTo`, of all entries that may be there
 */
export async function inspectLog(
  folders: { readonly log: string; readonly state: string },
  { acknowledged, shown }: Promised,
  roots: readonly string[],
): Promise<Aftermath> {
  const faults: string[] = [];
  const unreadable: string[] = [];
  const signed = ['log', 'state'].map((name) => {
    const path = join(folders[name as 'log' | 'state'], 'checkpoint');
    if (!existsSync(path)) return 0;
    try {
      const { size, root } = parseCheckpoint(openNote(readFileSync(path), [verifier]).text);
      if (toHex(root) !== roots[size]) faults.push(`${name}: the checkpoint of ${size} signs another tree`);
      return size;
    } catch (error) {
      unreadable.push(`${name}: the checkpoint cannot be read: ${(error as Error).message}`);
      return 0;
    }
  }) as [number, number];
  if (signed[0] > signed[1]) faults.push(`published ${signed[0]} before ${signed[1]} was kept`);
  const isRemembered = signed[1] >= shown || unreadable.length > 0;
  if (!isRemembered) faults.push(`${shown} was shown, ${signed[1]} is remembered`);
  const disk = new FolderDisk(folders.log);
  const state = new FolderDisk(folders.state);
  try {
    const log = await TransparencyLog.open(settingsOf(disk, state));
    const { size } = log;
    if (size < acknowledged) faults.push(`${acknowledged} entries were acknowledged, ${size} are there`);
    for (const index of alteredEntries(log, size)) faults.push(`entry ${index} is altered`);
    log.append([utf8('after the fault'), utf8('and on')]);
    await log.publish();
    const { fault, signedSize } = await checkLog(disk, [verifier], SEGMENT_ENTRIES);
    if (fault !== null) faults.push(fault);
    if (signedSize !== size + 2) faults.push(`${size + 2} were published, ${signedSize} are signed`);
    return { faults, unreadable, refusal: null };
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    return { faults: [...faults, error.message], unreadable, refusal: error.message };
  } finally {
    disk.close();
    state.close();
  }
}

/** The first entry that is not what was appended. */
function alteredEntries(log: TransparencyLog, size: number): number[] {
  for (let from = 0; from < size; from += SEGMENT_ENTRIES) {
    const width = Math.min(SEGMENT_ENTRIES, size - from);
    const bundle = log.readTile({ level: 'entries', index: from / SEGMENT_ENTRIES, width });
    if (bundle === null) return [from];
    let at = 0;
    for (let index = from; index < from + width; index++) {
      const entry = entryOf(index);
      const found = bundle.subarray(at + 2, at + 2 + entry.length);
      if (Buffer.compare(found, entry) !== 0) return [index];
      at += 2 + entry.length;
    }
  }
  return [];
}
