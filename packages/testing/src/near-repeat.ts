import { listWords } from './prompt-tokens.js';
import { hashString, mixPair } from './random.js';

/** Words of a prompt that count towards a repeat. */
export const NEAR_REPEAT_WORDS = 80;
/** Jaccard similarity of word sets from which on two prompts count as near-repeats. */
export const NEAR_REPEAT_JACCARD = 0.7;
const BANDS = 12;
const ROWS = 3;

/** What a set of prompts repeats. All counts are of prompts. */
export interface NearRepeats {
  /** Prompts with at least one earlier near-repeat: k. */
  readonly repeats: number;
  /** 2k / n^2, the collision rate; comparable between sets of different size while repeats are rare. */
  readonly rate: number;
  /** For each prompt whether an earlier one nearly equals it. */
  readonly repeated: Uint8Array;
  /** For each prompt the number of other prompts that nearly repeat it (capped, see `measureNearRepeats`). */
  readonly neighbours: Uint32Array;
  /** For each prompt whether another has the same word set. */
  readonly twin: Uint8Array;
}

/**
 * Finds near-repeats: word-set Jaccard >= 0.7 over the first 80 words, candidates by MinHash (12 bands of 3 rows: a pair
 * at 0.7 is found with probability 0.994), each verified exactly. Within one band bucket a prompt is compared with the
 * 48 before it at most, so the neighbour count saturates for templates; `repeats` does not suffer.
 */
export function measureNearRepeats(texts: readonly string[]): NearRepeats {
  const n = texts.length;
  const sets: Uint32Array[] = [];
  for (const text of texts) {
    const words = new Set<number>();
    for (const word of listWords(text, NEAR_REPEAT_WORDS)) words.add(hashString(word));
    sets.push(Uint32Array.from(words).sort());
  }
  const pairs = new Set<number>();
  const signature = new Uint32Array(ROWS);
  for (let band = 0; band < BANDS; band++) {
    const buckets = new Map<string, number[]>();
    for (let i = 0; i < n; i++) {
      const set = sets[i]!;
      if (set.length === 0) continue;
      signature.fill(0xffffffff);
      for (const word of set)
        for (let row = 0; row < ROWS; row++) {
          const h = mixPair(word, band * ROWS + row + 1);
          if (h < signature[row]!) signature[row] = h;
        }
      const key = `${signature[0]},${signature[1]},${signature[2]}`;
      const bucket = buckets.get(key);
      if (bucket === undefined) {
        buckets.set(key, [i]);
        continue;
      }
      for (let b = Math.max(0, bucket.length - 48); b < bucket.length; b++) pairs.add(bucket[b]! * n + i);
      bucket.push(i);
    }
  }
  const neighbours = new Uint32Array(n);
  const twin = new Uint8Array(n);
  const repeated = new Uint8Array(n);
  for (const pair of pairs) {
    const i = Math.floor(pair / n);
    const j = pair % n;
    const similarity = jaccard(sets[i]!, sets[j]!);
    if (similarity < NEAR_REPEAT_JACCARD) continue;
    neighbours[i]!++;
    neighbours[j]!++;
    repeated[j] = 1;
    if (similarity === 1) twin[i] = twin[j] = 1;
  }
  let repeats = 0;
  for (const flag of repeated) repeats += flag;
  return { repeats, rate: n === 0 ? 0 : (2 * repeats) / (n * n), repeated, neighbours, twin };
}

/** Jaccard similarity of two ascending sets. */
function jaccard(a: Uint32Array, b: Uint32Array): number {
  let i = 0;
  let j = 0;
  let both = 0;
  while (i < a.length && j < b.length) {
    if (a[i]! === b[j]!) {
      both++;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  return both / (a.length + b.length - both);
}
