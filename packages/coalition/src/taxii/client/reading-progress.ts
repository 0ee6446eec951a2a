import { CLIENT_LIMITS } from './client-limits.js';
import type { DateAdded } from './date-added.js';

/**
 * Times, each later than the one before, by which a server shows that it keeps to ascending order: pages in no order would do so
 * once in 40,320 readings. Pages of one time are in every order, and show nothing.
 */
const ORDER_TIMES = 8;

/** Pages from one `added_after` on, joined by `next`. */
export class Segment {
  /** Latest time of its last page. */
  last: DateAdded | null = null;
  /** Whether a page came before its time, in this segment or an earlier one of the reading. */
  isDisorderly: boolean;
  #isTimed = true;
  #times = 0;
  /** The latest of these times. */
  #risenUs = Number.NEGATIVE_INFINITY;
  #barren = 0;
  readonly #keys = new Set<string>();

  constructor(before: Segment | null) {
    this.isDisorderly = before?.isDisorderly ?? false;
  }

  /** Whether the server gives the same again and again. */
  take(
    keys: readonly string[],
    { first, last }: { readonly first: DateAdded | null; readonly last: DateAdded | null },
  ): boolean {
    this.#barren = keys.some((key) => !this.#keys.has(key)) ? 0 : this.#barren + 1;
    for (const key of keys) this.#keys.add(key);
    if (first === null || last === null) this.#isTimed = false;
    else this.#takeTimes(first, last);
    return this.#barren >= CLIENT_LIMITS.barrenAnswers;
  }

  #takeTimes(first: DateAdded, last: DateAdded): void {
    const isEarly = this.last !== null && first.us < this.last.us - this.last.unitUs;
    if (isEarly || first.us > last.us) this.isDisorderly = true;
    if (first.us - this.#risenUs >= first.unitUs) {
      this.#times++;
      this.#risenUs = last.us;
    }
    this.last = last;
  }

  /** Whether many pages, all with times, came in ascending order, and none of the reading in another. */
  get showsOrder(): boolean {
    return this.#isTimed && !this.isDisorderly && this.#times >= ORDER_TIMES;
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
