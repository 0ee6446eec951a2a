import { PhalanxError } from '@phalanx/core';

/**
 * Why this package refuses a call. `STATS_DOMAIN`: a number outside the range its docstring states (NaN included).
 * `STATS_SHAPE`: arrays that should agree in length or order do not.
 */
export type StatsErrorCode = 'STATS_DOMAIN' | 'STATS_SHAPE';

/** @throws PhalanxError `STATS_DOMAIN` unless `holds`. */
export function requireDomain(holds: boolean, what: string): asserts holds {
  if (!holds) throw new PhalanxError<StatsErrorCode>('STATS_DOMAIN', what, { advice: 'Fix the argument.' });
}

/** @throws PhalanxError `STATS_SHAPE` unless `holds`. */
export function requireShape(holds: boolean, what: string): asserts holds {
  if (!holds)
    throw new PhalanxError<StatsErrorCode>('STATS_SHAPE', what, {
      advice: 'Fix the array lengths or order.',
    });
}

/** @throws PhalanxError `STATS_DOMAIN` unless `value` is a safe integer in [low, high]. */
export function requireInteger(
  value: number,
  name: string,
  low = 0,
  high: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isSafeInteger(value) || value < low || value > high)
    requireDomain(false, `${name} must be an integer in [${low}, ${high}], not ${value}`);
}

/** @throws PhalanxError `STATS_DOMAIN` unless `value` is in [0, 1]. */
export function requireProbability(value: number, name: string): void {
  if (!(value >= 0 && value <= 1)) requireDomain(false, `${name} must be in [0, 1], not ${value}`);
}
