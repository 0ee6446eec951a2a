import { type DatedSize, dateOf } from './dated-checkpoint.js';

/** How soon after they happened exchanges were seen by somebody else. */
export interface DateCoverage {
  /** Exchanges in a stamped checkpoint before the one of the bundle. */
  readonly covered: number;
  readonly exchanges: number;
  /** Of those that are covered, from the time that the exchange states to the stamp; null when none is. May be negative. */
  readonly medianDelayMs: number | null;
  readonly longestDelayMs: number | null;
}

/** @param dates as `verifyDates` returns them */
export function measureCoverage(
  leaves: Iterable<{ readonly index: number; readonly atMs: number }>,
  dates: readonly DatedSize[],
): DateCoverage {
  const delays: number[] = [];
  let exchanges = 0;
  for (const { index, atMs } of leaves) {
    exchanges++;
    const seenMs = dateOf(index, dates);
    if (seenMs !== null) delays.push(seenMs - atMs);
  }
  const sorted = Float64Array.from(delays).sort();
  return {
    covered: sorted.length,
    exchanges,
    medianDelayMs: sorted[sorted.length >> 1] ?? null,
    longestDelayMs: sorted.at(-1) ?? null,
  };
}

/** `39,180 of 39,180 exchanges were stamped, half within 2 h of the time they state, all within 1.2 d`. */
export function describeCoverage({
  covered,
  exchanges,
  medianDelayMs,
  longestDelayMs,
}: DateCoverage): string {
  const count = (value: number): string => value.toLocaleString('en-US');
  const head = `${count(covered)} of ${count(exchanges)} exchanges were in a stamped checkpoint before this bundle`;
  if (medianDelayMs === null || longestDelayMs === null) return head;
  return `${head}: half within ${span(medianDelayMs)} of the time they state, the last after ${span(longestDelayMs)}`;
}

function span(ms: number): string {
  const minutes = ms / 60_000;
  if (Math.abs(minutes) < 120) return `${minutes.toFixed(0)} min`;
  return Math.abs(minutes) < 2880 ? `${(minutes / 60).toFixed(1)} h` : `${(minutes / 1440).toFixed(1)} d`;
}
