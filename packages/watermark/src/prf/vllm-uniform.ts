import type { PhiloxPrf } from './philox.js';

/** A keyed function of vLLM: 32 bits for an n-gram, of which the upper 24 make a uniform number. */
export type VllmPrf = Pick<PhiloxPrf, 'readNgrams' | 'readTokens'>;

const CELLS = 2 ** 24;

/** Lower edges of the cells that words fall into, written to every `stride`-th place from `from`. */
export function writeLowerEdges(words: Uint32Array, to: Float64Array, from = 0, stride = 1): void {
  for (let i = 0, at = from; i < words.length; i++, at += stride) to[at] = (words[i]! >>> 8) / CELLS;
}

/** vLLM's own number in (0, 1), single precision: `uint32_to_uniform` in `prfs/base.py`; the lower edge from 1/2 on. */
export function toVllmUniform(word: number): number {
  return Math.fround(((word >>> 8) + 1) / (CELLS + 1));
}

/** How many of the 2^24 cells have a number of vLLM's below a bound, as single-precision comparison decides. */
export function countCellsBelow(bound: number): number {
  let low = 0;
  let high = CELLS;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (toVllmUniform(middle * 256) < Math.fround(bound)) low = middle + 1;
    else high = middle;
  }
  return low;
}
