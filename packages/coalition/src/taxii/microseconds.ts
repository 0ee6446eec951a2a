import { parseTimestamp } from '../stix/timestamp.js';

/** Microseconds since 1970 as TAXII shows them: RFC 3339, UTC, six decimals (section 3.1: `timestamp`). */
export function formatMicroseconds(us: number): string {
  const ms = Math.floor(us / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us - ms * 1000).padStart(3, '0')}Z`;
}

/**
 * Microseconds since 1970 of a timestamp; null for another text. What lies beyond the numbers that are exact (before 1684, after
 * 2255) is the nearest of them.
 */
export function parseMicroseconds(text: string): number | null {
  const us = text.length > 120 ? null : parseTimestamp(text);
  if (us === null) return null;
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(us)));
}
