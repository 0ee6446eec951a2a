import { MAX_KEYS, OVERLAP_US } from './read-checkpoint.js';

/** Keys held at most: 500,000 of them are some 60 MB. Where a server tells no times, what is older comes twice. */
const MAX_HELD = 500_000;

/** What a reading has given already, as far back as it may come again. */
export class SeenItems {
  /** The latest time at which it may have been added; oldest first. */
  readonly #untilUs = new Map<string, number>();

  constructor(keys: readonly string[], untilUs: number) {
    for (const key of keys) this.#untilUs.set(key, untilUs);
  }

  has(key: string): boolean {
    return this.#untilUs.has(key);
  }

  /** `untilUs`: of the page; infinite where it tells none. */
  add(keys: readonly string[], untilUs: number): void {
    for (const key of keys) {
      this.#untilUs.delete(key);
      this.#untilUs.set(key, untilUs);
    }
    for (const key of this.#untilUs.keys()) {
      if (this.#untilUs.size <= MAX_HELD) break;
      this.#untilUs.delete(key);
    }
  }

  /** Forgets what no reading from this time on can meet. */
  forgetBefore(cursorUs: number): void {
    for (const [key, untilUs] of this.#untilUs) {
      if (untilUs >= cursorUs - OVERLAP_US) break;
      this.#untilUs.delete(key);
    }
  }

  /** The latest keys, for a checkpoint. */
  listLatest(): readonly string[] {
    return [...this.#untilUs.keys()].slice(-MAX_KEYS);
  }
}
