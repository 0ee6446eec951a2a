import { parseTimestamp } from '../../stix/timestamp.js';

/** When a server says that it added something. */
export interface DateAdded {
  /** Microseconds since 1970. */
  readonly us: number;
  /** What the last digit of its text stands for, in microseconds: what may have been cut off or rounded is less. At least 1,000. */
  readonly unitUs: number;
}

/** Servers store more decimals than they print, and others print more than they compare. */
const LEAST_UNIT_US = 1_000;

/** Reads a `date_added` or `X-TAXII-Date-Added-...`; an offset of zero is taken for `Z`. Null for another text. */
export function parseDateAdded(text: unknown): DateAdded | null {
  if (typeof text !== 'string' || text.length > 64) return null;
  const zulu = text.trim().replace(/(?:[+-]00:?00|z)$/, 'Z');
  const us = parseTimestamp(zulu);
  if (us === null) return null;
  const decimals = /\.([0-9]+)Z$/.exec(zulu)?.[1]?.length ?? 0;
  return { us: Number(us), unitUs: Math.max(LEAST_UNIT_US, 10 ** (6 - Math.min(decimals, 6))) };
}
