import { refuse } from '../coalition-error.js';

const DECADES = ['10-99', '100-999', '1000-9999', '10000-99999', '100000-999999'] as const;

/**
 * The decade of a count, which is all that is shared of it.
 *
 * @throws PhalanxError `COALITION_STIX` below 10: so few point at people
 */
export function bucketCount(count: number): string {
  if (!Number.isSafeInteger(count) || count < 10) {
    return refuse(
      'COALITION_STIX',
      'a count below 10 is not shared',
      'wait for more, or keep it to yourself',
    );
  }
  return DECADES[Math.floor(Math.log10(count + 0.5)) - 1] ?? '1000000+';
}

/** The day of a time, `YYYY-MM-DD` in UTC. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** Two significant digits of a figure: features are shared no finer. */
export function roundFigure(figure: number): number {
  return Number(figure.toPrecision(2));
}
