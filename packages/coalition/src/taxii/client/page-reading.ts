import { refuse } from '../../coalition-error.js';
import { CLIENT_LIMITS } from './client-limits.js';
import type { DateAdded } from './date-added.js';
import { OVERLAP_US, type ReadCheckpoint } from './read-checkpoint.js';
import { ReachedTime, Segment } from './reading-progress.js';
import { SeenItems } from './seen-items.js';
import type { TaxiiFault } from './taxii-exchange.js';

/** One page as it is asked for. */
export interface PageQuery {
  /** `added_after`, exclusive; null for all. */
  readonly afterUs: number | null;
  readonly next: string | null;
  /** Null: as many as the server likes. */
  readonly limit: number | null;
}

/** One page as it came. */
export interface PageAnswer<T> {
  readonly items: readonly T[];
  readonly more: boolean;
  readonly next: string | null;
  /** Times of the earliest and latest item. Null where the server does not tell. */
  readonly first: DateAdded | null;
  readonly last: DateAdded | null;
  readonly fault: null;
}

/** A list of another server that comes in pages, in ascending order of the time of addition (TAXII 2.1 section 3.4). */
export interface PagedList<T> {
  ask(query: PageQuery): Promise<PageAnswer<T> | { readonly fault: TaxiiFault }>;
  /** Equal for equal items: see `keyOf`. */
  keyOf(item: T): string;
  /** The latest time of addition of the items of a page that came without one; null when it cannot be found out. */
  findLast(items: readonly T[]): Promise<DateAdded | null>;
  /** @throws PhalanxError always */
  raise(fault: TaxiiFault): never;
  /** @throws PhalanxError `COALITION_TAXII` always */
  refuse(what: string): never;
}

/** What came new, and up to where the list is read with it. */
export interface ReadPage<T> {
  readonly items: readonly T[];
  /** No item of the page was added after this, in microseconds; null where the server does not tell. */
  readonly addedUntilUs: number | null;
  /** To be kept when the items are durable: a reading from it misses nothing of what this one would still have given. */
  readonly checkpoint: ReadCheckpoint;
}

/** Changes of course (page sizes, new beginnings) in a row that brought nothing new. */
const MAX_IDLE = 24;

/**
 * Reads a list to its end, each item once as far as can be told, and none left out:
 *
 * - Pages follow one another by `next`. A `next` that fails is not asked again, since the page may be gone with the answer that was lost.
 * - Then, or without `next`, the list is asked anew from just before the latest time L that was reached. In ascending order, all that was
 *   added before L has come by then; only of what was added at L a part may be missing, and that comes again. What came is known by its key.
 *   The step before L is as wide as the last digit that the server prints. Where that is a whole page, it is asked for with a greater `limit`;
 *   a server that gives no more, and no `next`, cannot be read, and that is an error.
 * - Without `next` to go by, ascending order is relied on. With it, only when pages of eight times have shown it; before, all is asked anew.
 *
 * The number of answers is limited, and so is that of answers that bring nothing new.
 *
 * @param startUs our time at the beginning: a server whose clock is ahead must not move the cursor beyond it
 */
export async function* readPages<T>(
  list: PagedList<T>,
  since: ReadCheckpoint | null,
  startUs: number,
): AsyncGenerator<ReadPage<T>, void, undefined> {
  const sinceUs = since?.cursorUs ?? null;
  const seen = new SeenItems(since?.keys ?? [], sinceUs ?? Number.POSITIVE_INFINITY);
  const read = new ReachedTime(sinceUs, startUs);
  let afterUs = sinceUs === null ? null : sinceUs - OVERLAP_US;
  let limit: number | null = CLIENT_LIMITS.page;
  let usesNext = true;
  let idle = 0;
  let answers = 0;
  let segment: Segment | null = null;
  for (;;) {
    segment = new Segment(segment);
    let course: Course | null = null;
    let next: string | null = null;
    while (course === null) {
      if (++answers > CLIENT_LIMITS.answers) {
        refuse('COALITION_LIMIT', `more than ${CLIENT_LIMITS.answers} pages`, 'go on from the checkpoint');
      }
      const answer: Awaited<ReturnType<typeof list.ask>> = await list.ask({ afterUs, next, limit });
      if (answer.fault !== null) {
        course = { fault: answer.fault, atNext: next !== null };
        break;
      }
      const keys = answer.items.map(list.keyOf);
      const isStuck = segment.take(keys, answer);
      const byTime = answer.more && (answer.next === null || !usesNext || isStuck);
      const last: DateAdded | null =
        answer.last ?? (byTime || !answer.more ? await list.findLast(answer.items) : null);
      const fresh = pickFresh(answer.items, keys, seen);
      if (fresh.length > 0) idle = 0;
      seen.add(keys, last?.us ?? Number.POSITIVE_INFINITY);
      if (last !== null) read.reach(last.us);
      if (!answer.more) read.end();
      else if (last !== null && (byTime || segment.showsOrder)) read.prove(last.us);
      const cursorUs = read.cursorUs;
      if (cursorUs !== null && fresh.length > 0) seen.forgetBefore(cursorUs);
      if (fresh.length > 0 || !answer.more) {
        yield {
          items: fresh,
          addedUntilUs: last?.us ?? null,
          checkpoint: { cursorUs, keys: seen.listLatest() },
        };
      }
      if (!answer.more) return;
      if (byTime) course = { last, size: answer.items.length, isStuck };
      else next = answer.next;
    }
    if (++idle > MAX_IDLE) {
      if ('fault' in course) list.raise(course.fault);
      list.refuse('pages that lead nowhere');
    }
    if ('fault' in course) {
      const { fault, atNext } = course;
      if (isOfSize(fault, atNext) && limit !== null) limit = limit > 1 ? Math.floor(limit / 2) : null;
      else if (!atNext) list.raise(fault);
      if (atNext && segment.showsOrder) afterUs = stepBefore(segment.last!, afterUs) ?? afterUs;
      continue;
    }
    if (course.isStuck) usesNext = false;
    if (course.last === null) list.refuse('more, without next and without times of addition');
    const stepUs = stepBefore(course.last, afterUs);
    if (stepUs !== null) {
      afterUs = stepUs;
      continue;
    }
    const isWhole = limit === null || course.size < limit || limit >= CLIENT_LIMITS.largestPage;
    if (isWhole) list.refuse(`${course.size} or more added at one time, and no next to tell them apart by`);
    limit = Math.min(2 * limit!, CLIENT_LIMITS.largestPage);
  }
}

/** Why a segment ends before the list does. */
type Course =
  | { readonly fault: TaxiiFault; readonly atNext: boolean }
  | { readonly last: DateAdded | null; readonly size: number; readonly isStuck: boolean };

/** Items that were not seen, each once. */
function pickFresh<T>(items: readonly T[], keys: readonly string[], seen: SeenItems): T[] {
  const here = new Set<string>();
  return items.filter((_, at) => {
    const key = keys[at]!;
    if (seen.has(key) || here.has(key)) return false;
    here.add(key);
    return true;
  });
}

/** Just before a time, if that is after where the list was asked from. */
function stepBefore(last: DateAdded, afterUs: number | null): number | null {
  const stepUs = last.us - last.unitUs;
  return afterUs === null || stepUs > afterUs ? stepUs : null;
}

/** Whether fewer items at a time may help. A refusal of `next` is one of that. */
function isOfSize({ kind, status }: TaxiiFault, atNext: boolean): boolean {
  if (kind === 'too-large') return true;
  return !atNext && (kind === 'not-json' || status === 400 || status === 422 || status === 500);
}
