/**
 * Observations chosen for the parts of a pattern. What qualifiers and FOLLOWEDBY ask of their times depends on two
 * numbers alone: a moment may be chosen within each observation, so all fit into a stretch of length d if and only if the
 * latest beginning is at most d after the earliest end.
 */
export interface Binding {
  /** Uses of observations: index of the observation times `uses` plus the number of the use. No use twice. */
  readonly uses: readonly number[];
  readonly latestFirstUs: bigint;
  readonly earliestLastUs: bigint;
}

/** Both together; null when they share a use, or when their times lie further apart than `withinUs`. */
export function joinBindings(left: Binding, right: Binding, withinUs: bigint | null): Binding | null {
  const latestFirstUs = left.latestFirstUs > right.latestFirstUs ? left.latestFirstUs : right.latestFirstUs;
  const earliestLastUs =
    left.earliestLastUs < right.earliestLastUs ? left.earliestLastUs : right.earliestLastUs;
  if (!fitsWithin({ latestFirstUs, earliestLastUs }, withinUs)) return null;
  for (const use of right.uses) if (left.uses.includes(use)) return null;
  return { uses: [...left.uses, ...right.uses], latestFirstUs, earliestLastUs };
}

/** Whether a moment of each can be chosen so that all lie within `withinUs` microseconds; null asks nothing. */
export function fitsWithin(times: Omit<Binding, 'uses'>, withinUs: bigint | null): boolean {
  return withinUs === null || times.latestFirstUs - times.earliestLastUs <= withinUs;
}
