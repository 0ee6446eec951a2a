import { type Binding, joinBindings } from './binding.js';
import type { MatchBudget } from './match-budget.js';

/** Bindings by their end, and how much longer than nothing the longest lasts: so that those near a moment are found quickly. */
interface Timeline {
  readonly bindings: readonly Binding[];
  readonly longestUs: bigint;
}

function makeTimeline(bindings: Iterable<Binding>): Timeline {
  const sorted = [...bindings].sort((a, b) =>
    a.earliestLastUs < b.earliestLastUs ? -1 : a.earliestLastUs > b.earliestLastUs ? 1 : 0,
  );
  let longestUs = 0n;
  for (const { earliestLastUs, latestFirstUs } of sorted) {
    const lasts = earliestLastUs - latestFirstUs;
    if (lasts > longestUs) longestUs = lasts;
  }
  return { bindings: sorted, longestUs };
}

/** Index of the first that ends at `atUs` or later. */
function findEnd({ bindings }: Timeline, atUs: bigint): number {
  let low = 0;
  let high = bindings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bindings[middle]!.earliestLastUs < atUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a binding that ends so late, and all after it, begin too late to be within `withinUs` of an earliest end. */
function isPast(timeline: Timeline, at: number, earliestLastUs: bigint, withinUs: bigint | null): boolean {
  const endUs = timeline.bindings[at]!.earliestLastUs;
  return withinUs !== null && endUs - timeline.longestUs > earliestLastUs + withinUs;
}

/**
 * Every pair of bindings, one of each side, without a use in common and within `withinUs`; with `inOrder` those alone of
 * which the right side may follow the left (FOLLOWEDBY).
 */
export function* pairBindings(
  lefts: Iterable<Binding>,
  rights: () => Iterable<Binding>,
  withinUs: bigint | null,
  inOrder: boolean,
  budget: MatchBudget,
): Generator<Binding> {
  let timeline: Timeline | null = null;
  for (const left of lefts) {
    timeline ??= makeTimeline(rights());
    const { bindings } = timeline;
    const notBeforeUs = inOrder
      ? left.latestFirstUs
      : withinUs === null
        ? null
        : left.latestFirstUs - withinUs;
    let at = notBeforeUs === null ? 0 : findEnd(timeline, notBeforeUs);
    for (; at < bindings.length && !isPast(timeline, at, left.earliestLastUs, withinUs); at++) {
      budget.spend();
      const joined = joinBindings(left, bindings[at]!, withinUs);
      if (joined !== null) yield joined;
    }
    if (bindings.length === 0) return;
  }
}

/** Every set of `count` bindings (2 or more) without a use in common and within `withinUs`. */
export function* combineBindings(
  all: Iterable<Binding>,
  count: number,
  withinUs: bigint | null,
  budget: MatchBudget,
): Generator<Binding> {
  const timeline = makeTimeline(all);
  const { bindings } = timeline;
  for (let at = 0; at + count <= bindings.length; at++) {
    budget.spend();
    const first = bindings[at]!;
    // The first to end alone bounds when the others may begin: what fits here fits whatever else is chosen.
    const rest: Binding[] = [];
    for (let other = at + 1; other < bindings.length; other++) {
      if (isPast(timeline, other, first.earliestLastUs, withinUs)) break;
      budget.spend();
      if (joinBindings(first, bindings[other]!, withinUs) !== null) rest.push(bindings[other]!);
    }
    yield* addBindings(first, rest, count - 1, budget);
  }
}

/** `count` of the candidates more, each without a use in common with what is chosen. */
function* addBindings(
  chosen: Binding,
  candidates: readonly Binding[],
  count: number,
  budget: MatchBudget,
  from = 0,
): Generator<Binding> {
  for (let at = from; at + count <= candidates.length; at++) {
    budget.spend();
    const next = candidates[at]!;
    const joined = joinBindings(chosen, next, null);
    if (joined === null) continue;
    if (count === 1) {
      yield joined;
    } else if (next.uses.length === 1) {
      yield* addBindings(joined, candidates, count - 1, budget, at + 1);
    } else {
      budget.spend(candidates.length - at);
      const rest = candidates
        .slice(at + 1)
        .filter((candidate) => joinBindings(next, candidate, null) !== null);
      yield* addBindings(joined, rest, count - 1, budget);
    }
  }
}
