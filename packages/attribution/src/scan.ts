import type { ResponseReader, TimeWindow } from '@phalanx/domain';
import { FoundPairs } from './found-pairs.js';
import { LaneIndex } from './lane-index.js';
import type { SketchList } from './sketch-list.js';

/** What one pass over the stored sketches found. */
export interface Scan {
  readonly index: LaneIndex;
  readonly pairs: FoundPairs;
  /** Sketches read. */
  readonly sketches: number;
  readonly indexSeconds: number;
  readonly scanSeconds: number;
}

/** Called as the scan goes on. */
export type OnProgress = (done: number, total: number, label: string) => void;

/** Joins candidates with every stored sketch of a window, which is read once. Decoys come last in `lists`. */
export async function scanResponses(
  reader: ResponseReader,
  window: TimeWindow,
  lists: readonly SketchList[],
  threshold: number,
  total: number,
  onProgress: OnProgress,
): Promise<Scan> {
  const started = performance.now();
  const index = new LaneIndex(lists, threshold);
  const built = performance.now();
  const pairs = new FoundPairs();
  let sketches = 0;
  for await (const { hash, minhash } of reader.responseSketches(window)) {
    index.match(hash, minhash, (row, entry, equal) => pairs.add(entry, hash[row]!, equal));
    sketches += hash.length;
    onProgress(sketches, total, 'matching');
  }
  return {
    index,
    pairs,
    sketches,
    indexSeconds: (built - started) / 1000,
    scanSeconds: (performance.now() - built) / 1000,
  };
}
