import { HashNumbers } from './hash-numbers.js';

const HASH_BITS = 23;
/** Pairs kept of a run. What is found beyond marks its candidate as received too often to count. */
export const MAX_PAIRS = 1 << HASH_BITS;
const EQUAL = 64;

/** Candidates and the stored responses they match, gathered during a scan. */
export class FoundPairs {
  readonly #numbers = new HashNumbers();
  readonly #cut = new Set<number>();
  #keys = new Float64Array(4096);
  #size = 0;

  /** Hashes of matched responses, by number. */
  get hashes(): BigUint64Array {
    return this.#numbers.hashes;
  }

  /** `entry` < 2^24, `equal` < 64. */
  add(entry: number, hash: bigint, equal: number): void {
    if (this.#size === MAX_PAIRS) this.#compact();
    if (this.#size === MAX_PAIRS || this.#numbers.size === MAX_PAIRS) {
      this.#cut.add(entry);
      return;
    }
    if (this.#size === this.#keys.length) {
      const grown = new Float64Array(this.#keys.length * 2);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    // 24 + 23 + 6 bits: an exact integer.
    this.#keys[this.#size++] = (entry * MAX_PAIRS + this.#numbers.add(hash)) * EQUAL + equal;
  }

  /** Whether some pairs of an entry were not kept. */
  isCut(entry: number): boolean {
    return this.#cut.has(entry);
  }

  /** Every pair once, with the most equal lanes seen; ascending by entry. */
  list(): { readonly entry: Uint32Array; readonly hash: Uint32Array; readonly equal: Uint8Array } {
    this.#compact();
    const keys = this.#keys.subarray(0, this.#size);
    const pair = (key: number) => Math.floor(key / EQUAL);
    return {
      entry: Uint32Array.from(keys, (key) => Math.floor(pair(key) / MAX_PAIRS)),
      hash: Uint32Array.from(keys, (key) => pair(key) % MAX_PAIRS),
      equal: Uint8Array.from(keys, (key) => key % EQUAL),
    };
  }

  #compact(): void {
    const keys = this.#keys.subarray(0, this.#size).sort();
    let kept = 0;
    for (let at = 0; at < keys.length; at++) {
      // The last of equal pairs has the most equal lanes.
      if (at + 1 < keys.length && Math.floor(keys[at]! / EQUAL) === Math.floor(keys[at + 1]! / EQUAL))
        continue;
      keys[kept++] = keys[at]!;
    }
    this.#size = kept;
  }
}
