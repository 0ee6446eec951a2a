import { listWords } from './prompt-tokens.js';
import { hashString, mix32, mixPair } from './random.js';

/** Words of a prompt that count towards a repeat. */
export const NEAR_REPEAT_WORDS = 80;
/** Jaccard similarity of word sets from which on two prompts count as near-repeats. */
export const NEAR_REPEAT_JACCARD = 0.7;
const BANDS = 16;
const ROWS = 4;
/** Prompts of one bucket that a new one is compared with. */
const BUCKET_LIMIT = 16;

/** What a set of prompts repeats. All counts are of prompts. */
export interface NearRepeats {
  /** Prompts with at least one earlier near-repeat: k. */
  readonly repeats: number;
  /** 2k / n^2, the collision rate; comparable between sets of different size while repeats are rare. */
  readonly rate: number;
  /** For each prompt the number of others with the same word set; saturates at some 250. */
  readonly twins: Uint32Array;
}

/** An earlier prompt that a text nearly repeats; `same` when their word sets are equal. */
export interface NearRepeat {
  readonly at: number;
  readonly same: boolean;
}

/**
 * Finds near-repeats of prompts one after the other: word-set Jaccard >= 0.7 over the first 80 words. Candidates come
 * from MinHash, 16 bands of 4 rows: a pair at 0.7 is a candidate with probability 0.988, one at 0.8 surely; each is
 * verified exactly. Of a bucket only the last 16 prompts are compared.
 */
export class NearRepeatIndex {
  readonly #sets: Uint32Array[] = [];
  readonly #lanes = new Int32Array(BANDS * ROWS);
  readonly #buckets = Array.from({ length: BANDS }, () => new Map<number, number[]>());

  /**
   * Earlier prompts that this text nearly repeats, ascending. The text is then added, numbered from 0 in order of
   * addition, unless `keep` refuses that number of repeats.
   */
  add(text: string, keep: (repeats: number) => boolean = () => true): readonly NearRepeat[] {
    const set = toSet(text);
    const { found, keys } = this.#compare(set);
    if (!keep(found.length)) return found;
    keys.forEach((key, band) => {
      const bucket = this.#buckets[band]!.get(key);
      if (bucket === undefined) this.#buckets[band]!.set(key, [this.#sets.length]);
      else bucket.push(this.#sets.length);
    });
    this.#sets.push(set);
    return found;
  }

  #compare(set: Uint32Array): { found: NearRepeat[]; keys: number[] } {
    if (set.length === 0) return { found: [], keys: [] };
    const lanes = this.#lanes.fill(0x7fffffff);
    for (let i = 0; i < set.length; i++) {
      // All lanes of a word from two hashes: signed 32-bit arithmetic only, six times as fast as a hash a lane.
      const step = mix32(set[i]! ^ 0x5bd1e995) | 1;
      let h = set[i]! | 0;
      for (let lane = 0; lane < BANDS * ROWS; lane++) {
        h = (h + step) | 0;
        const mixed = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
        if (mixed < lanes[lane]!) lanes[lane] = mixed;
      }
    }
    const keys: number[] = [];
    const candidates = new Set<number>();
    for (let band = 0; band < BANDS; band++) {
      let key = band;
      for (let row = 0; row < ROWS; row++) key = mixPair(key, lanes[band * ROWS + row]!);
      keys.push(key);
      const bucket = this.#buckets[band]!.get(key);
      if (bucket === undefined) continue;
      for (let b = Math.max(0, bucket.length - BUCKET_LIMIT); b < bucket.length; b++)
        candidates.add(bucket[b]!);
    }
    const found: NearRepeat[] = [];
    for (const at of [...candidates].sort((a, b) => a - b)) {
      const similarity = jaccard(set, this.#sets[at]!);
      if (similarity >= NEAR_REPEAT_JACCARD) found.push({ at, same: similarity === 1 });
    }
    return { found, keys };
  }
}

/** Near-repeats within a set of prompts; see `NearRepeatIndex` for the rule. */
export function measureNearRepeats(texts: readonly string[]): NearRepeats {
  const twins = new Uint32Array(texts.length);
  const index = new NearRepeatIndex();
  let repeats = 0;
  texts.forEach((text, i) => {
    const found = index.add(text);
    if (found.length > 0) repeats++;
    for (const { at, same } of found) {
      if (!same) continue;
      twins[i]!++;
      twins[at]!++;
    }
  });
  return { repeats, rate: texts.length === 0 ? 0 : (2 * repeats) / texts.length ** 2, twins };
}

/** Hashes of the distinct words, ascending. */
function toSet(text: string): Uint32Array {
  const words = new Set<number>();
  for (const word of listWords(text, NEAR_REPEAT_WORDS)) words.add(hashString(word));
  return Uint32Array.from(words).sort();
}

/** Jaccard similarity of two ascending sets, not both empty; 0 as soon as it cannot reach the threshold. */
function jaccard(a: Uint32Array, b: Uint32Array): number {
  // |A and B| >= t (|A| + |B|) / (1 + t), so at most |A| - that many of A may be missing from B.
  const needed = (NEAR_REPEAT_JACCARD * (a.length + b.length)) / (1 + NEAR_REPEAT_JACCARD);
  const spare = a.length - needed;
  if (spare < -1e-9 || b.length < needed - 1e-9) return 0;
  let j = 0;
  let missing = 0;
  for (let i = 0; i < a.length; i++) {
    const word = a[i]!;
    while (j < b.length && b[j]! < word) j++;
    if (j < b.length && b[j] === word) j++;
    else if (++missing > spare + 1e-9) return 0;
  }
  const both = a.length - missing;
  return both / (a.length + b.length - both);
}
