import type { DiskEvent } from './recorded-disk.js';

/** What of the writes after the last flush a loss of power leaves: all, none, each or not, or of each any sectors. */
export const REMAINS = ['all', 'none', 'some', 'torn'] as const;
export type Remains = (typeof REMAINS)[number];

/** The disks as they are found when the power is back. */
export interface CrashState {
  /** Events that had happened. */
  readonly cut: number;
  readonly remains: Remains;
  /** One image a disk. */
  readonly images: readonly Uint8Array[];
}

const SECTOR_BYTES = 512;
/** Half a superblock has a checksum that is wrong, and ext4 does not mount it: the file system's weakness, not the log's. */
const SUPERBLOCK_END = 4096;

/**
 * Crash states of recorded disks. A flush makes durable what its own disk was given before it; of what came later each disk keeps
 * any part.
 *
 * @param bases images before the first event
 * @param cuts numbers of events, ascending, each with what remains
 * @param random 0 up to 1
 */
export function* crashStates(
  bases: readonly Uint8Array[],
  events: readonly DiskEvent[],
  cuts: readonly { readonly cut: number; readonly remains: Remains }[],
  random: () => number,
): Generator<CrashState> {
  const durable = bases.map((base) => Uint8Array.from(base));
  const pending: DiskEvent[][] = bases.map(() => []);
  let next = 0;
  for (const { cut, remains } of cuts) {
    for (; next < cut; next++) {
      const event = events[next]!;
      if (event.data !== null) pending[event.disk]!.push(event);
      else
        for (const { offset, data } of pending[event.disk]!.splice(0))
          durable[event.disk]!.set(data!, offset);
    }
    const images = durable.map((base, disk) => {
      const image = Uint8Array.from(base);
      for (const { offset, data } of pending[disk]!) {
        const step = remains === 'torn' && offset >= SUPERBLOCK_END ? SECTOR_BYTES : data!.length;
        for (let at = 0; at < data!.length; at += step)
          if (remains === 'all' || (remains !== 'none' && random() < 0.5))
            image.set(data!.subarray(at, at + step), offset + at);
      }
      return image;
    });
    yield { cut, remains, images };
  }
}
