import { CLIENT_LIMITS } from './client-limits.js';
import type { DateAdded } from './date-added.js';

/** Pages in ascending order by which a server shows that it keeps to it: by chance it would once in 40,320 times. */
const ORDER_PAGES = 8;

/** Pages from one `added_after` on, joined by `next`. */
export class Segment {
  /** Latest time of its last page. */
  last: DateAdded | null = null;
  #pages = 0;
  #isOrdered = true;
  #barren = 0;
  readonly #keys = new Set<string>();

  /** Whether the server gives the same again and again. */
  take(
    keys: readonly string[],
    { first, last }: { readonly first: DateAdded | null; readonly last: DateAdded | null },
  ): boolean {
    this.#barren = keys.some((key) => !this.#keys.has(key)) ? 0 : this.#barren + 1;
    for (const key of keys) this.#keys.add(key);
    this.#pages++;
    if (first === null || last === null) this.#isOrdered = false;
    else {
      if (this.last !== null && first.us < this.last.us - this.last.unitUs) this.#isOrdered = false;
      if (first.us > last.us) this.#isOrdered = false;
      this.last = last;
    }
    return this.#barren >= CLIENT_LIMITS.barrenAnswers;
  }

  /** Whether many pages, all with times, came in ascending order. */
  get showsOrder(): boolean {
    return this.#isOrdered && this.#pages >= ORDER_PAGES;
  }
}

/** The time before which everything was read. */
export class ReachedTime {
  #provenUs: number | null;
  #latestUs: number | null;
  readonly #startUs: number;

  constructor(sinceUs: number | null, startUs: number) {
    this.#provenUs = sinceUs;
    this.#latestUs = sinceUs;
    this.#startUs = startUs;
  }

  reach(us: number): void {
    this.#latestUs = Math.max(us, this.#latestUs ?? us);
  }

  /** All before this time has come. */
  prove(us: number): void {
    const capped = Math.min(us, this.#startUs);
    this.#provenUs = Math.max(capped, this.#provenUs ?? capped);
  }

  /** All has come. */
  end(): void {
    if (this.#latestUs !== null) this.prove(this.#latestUs);
  }

  get cursorUs(): number | null {
    return this.#provenUs;
  }
}
