/** Where the time comes from. Milliseconds since 1970-01-01T00:00:00Z. */
export interface Clock {
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** The last millisecond that a `Date` can hold (ECMA-262, 21.4.1.1); `toISOString` throws beyond it. */
export const LAST_MS = 8_640_000_000_000_000;

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
