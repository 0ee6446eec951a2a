import { rmSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SystemCall } from './system-call-trace.js';

/** Calls that `dropUnsynced` has to see. */
export const SYNC_CALLS = [
  'openat',
  'mkdir',
  'write',
  'pwrite64',
  'fsync',
  'fdatasync',
  'ftruncate',
  'rename',
];

/**
 * Does to a folder what a loss of power may do at worst: appended bytes that no sync followed are gone, and so are new files and
 * folders whose name was never synced. A sync that failed synced nothing. Names that were put in place of others stay: a file
 * system has to be asked for that.
 *
 * @param calls of the process that wrote, all of `SYNC_CALLS` on the folder; files that it found are taken as synced
 * @param translate where a path of the trace lies now
 */
export function dropUnsynced(calls: readonly SystemCall[], translate: (path: string) => string): void {
  /** Appended since the last sync. */
  const unsynced = new Map<string, number>();
  const unnamed = new Set<string>();
  for (const { name, text, result, isInjected, paths } of calls) {
    const path = paths.at(-1);
    if (path === undefined || isInjected || result === null || result < 0) continue;
    switch (name) {
      case 'openat':
        if (text.includes('O_TRUNC')) unsynced.delete(path);
        if (text.includes('O_EXCL')) unnamed.add(path);
        break;
      case 'mkdir':
        unnamed.add(path);
        break;
      case 'write':
      case 'pwrite64':
        unsynced.set(path, (unsynced.get(path) ?? 0) + result);
        break;
      case 'fsync':
      case 'fdatasync':
        unsynced.delete(path);
        for (const made of unnamed) if (dirname(made) === path) unnamed.delete(made);
        break;
      case 'ftruncate':
        unsynced.delete(path);
        break;
      case 'rename': {
        const [from] = paths;
        unsynced.set(path, unsynced.get(from!) ?? 0);
        unsynced.delete(from!);
      }
    }
  }
  for (const [path, bytes] of unsynced) {
    if (bytes === 0) continue;
    const { size } = statSync(translate(path));
    truncateSync(translate(path), size - bytes);
  }
  for (const path of unnamed) rmSync(translate(path), { recursive: true, force: true });
}
