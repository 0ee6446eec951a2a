import type { PreparedText } from './prepared-text.js';

/** A sparse vector: ascending indices and their values. */
export interface SparseVector {
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

export const GRAM_BITS = 18;
const BUCKETS = 1 << GRAM_BITS;
const WORD_SEED = 0x2545f491;
const PAIR_SEED = 0x5f356495;
const UNIT_SEEDS = [0x1b873593, 0x7feb352d] as const;

/** Counts of one text at a time, all 0 between calls. */
const counts = new Float64Array(BUCKETS);

/**
 * Hashed counts of words, pairs of neighbouring words and signs, and runs of 3 and 4 UTF-16 units, in 2^18 buckets:
 * value 1 + ln(count), scaled to length 1. One pass; at most four entries a unit.
 *
 * Whoever knows the hash can make texts whose grams collide. It is no keyed hash, since a model file would carry the key.
 */
export function countGrams({ folded, tokens }: PreparedText): SparseVector {
  const touched: number[] = [];
  const add = (hash: number) => {
    const bucket = finishHash(hash) >>> (32 - GRAM_BITS);
    if (counts[bucket]!++ === 0) touched.push(bucket);
  };
  let previous = 0;
  for (const token of tokens) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < token.length; i++) hash = Math.imul(hash ^ token.charCodeAt(i), 0x01000193);
    add(hash ^ WORD_SEED);
    if (previous !== 0) add(Math.imul(finishHash(previous), 0x9e3779b1) ^ hash ^ PAIR_SEED);
    previous = hash;
  }
  const units = ` ${folded} `;
  for (let i = 0; i + 3 <= units.length; i++) {
    let hash = 0x811c9dc5;
    for (let j = 0; j < 3; j++) hash = Math.imul(hash ^ units.charCodeAt(i + j), 0x01000193);
    add(hash ^ UNIT_SEEDS[0]);
    if (i + 4 <= units.length) add(Math.imul(hash ^ units.charCodeAt(i + 3), 0x01000193) ^ UNIT_SEEDS[1]);
  }
  const indices = Uint32Array.from(touched).sort();
  const values = new Float32Array(indices.length);
  let square = 0;
  indices.forEach((index, i) => {
    const value = 1 + Math.log(counts[index]!);
    counts[index] = 0;
    values[i] = value;
    square += value * value;
  });
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  for (let i = 0; i < values.length; i++) values[i]! *= scale;
  return { indices, values };
}

/** Mixes all bits into all bits (the finaliser of MurmurHash3). */
function finishHash(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
