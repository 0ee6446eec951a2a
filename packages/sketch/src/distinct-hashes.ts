const FIRST_CAPACITY = 1 << 12;

/**
 * Gathers u64 values and keeps each once. A `Set` of bigints takes about 50 bytes a value and ends at 2^24 of them with
 * an error of its own; sorting when the room is used up takes 8 to 16, and 24 for the moment of growing.
 */
export class DistinctHashes {
  readonly #limit: number;
  #hashes = new BigUint64Array(FIRST_CAPACITY);
  /** Values in use; the first of them ascending and distinct, the rest as they came. */
  #size = 0;

  /** @param limit most distinct values. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds values; false once it is seen that there are more distinct ones than the limit. */
  add(values: BigUint64Array): boolean {
    let from = 0;
    while (from < values.length) {
      if (this.#size === this.#hashes.length && !this.#makeRoom()) return false;
      const taken = values.subarray(from, from + this.#hashes.length - this.#size);
      this.#hashes.set(taken, this.#size);
      this.#size += taken.length;
      from += taken.length;
    }
    return true;
  }

  /** All values, ascending and distinct, in memory of their own; null when there are more than the limit. */
  list(): BigUint64Array | null {
    this.#settle();
    return this.#size > this.#limit ? null : this.#hashes.slice(0, this.#size);
  }

  #makeRoom(): boolean {
    this.#settle();
    if (this.#size > this.#limit) return false;
    // Half must be free, or the next sort comes too soon to pay for itself.
    if (this.#size * 2 > this.#hashes.length) {
      const larger = new BigUint64Array(this.#hashes.length * 2);
      larger.set(this.#hashes.subarray(0, this.#size));
      this.#hashes = larger;
    }
    return true;
  }

  #settle(): void {
    const used = this.#hashes.subarray(0, this.#size).sort();
    let kept = 0;
    for (let i = 0; i < used.length; i++) if (i === 0 || used[i] !== used[i - 1]) used[kept++] = used[i]!;
    this.#size = kept;
  }
}
