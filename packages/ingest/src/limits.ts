import { DAY_MS } from '@phalanx/core';

/** Longest row, in bytes of the decompressed stream. */
export const MAX_ROW_BYTES = 8 * 1024 * 1024;

/** Deepest nesting of a row. */
export const MAX_ROW_DEPTH = 64;

/** Most columns of a CSV or Parquet file. */
export const MAX_COLUMNS = 4096;

/** Most requests that a set of OpenAI batch input files may hold (one batch: 50,000). */
export const MAX_BATCH_REQUESTS = 1_000_000;

/**
 * How far past this machine's clock an exchange may start, in milliseconds. One row of the year 2290 would stretch every
 * window that is taken from the span of the data.
 */
export const MAX_AHEAD_MS = DAY_MS;

/** Longest excerpt of a rejected row in the `.rejected` file, in bytes. */
export const MAX_REJECTED_EXCERPT_BYTES = 4096;

/** Whether a decoded value nests deeper than `limit`. Visits no string; recursion stops at the limit. */
export function exceedsDepth(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && exceedsDepth(item, limit - 1)) return true;
    return false;
  }
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === 'object' && exceedsDepth(member, limit - 1)) return true;
  }
  return false;
}
