const FORM =
  /^([0-9]{4})-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]{1,100}))?Z$/;

/**
 * Microseconds since 1970 of a STIX timestamp (section 2.16: RFC 3339, UTC, any number of decimals); finer decimals are
 * cut off. Null for another text, and for a day that its month does not have. A leap second counts as the second after it.
 */
export function parseTimestamp(text: string): bigint | null {
  const parts = FORM.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day!);
  if (date.getUTCDate() !== day!) return null;
  const seconds = date.getTime() / 1000 + hour! * 3600 + minute! * 60 + second!;
  return BigInt(seconds) * 1_000_000n + BigInt((parts[7] ?? '').slice(0, 6).padEnd(6, '0'));
}

/** Milliseconds since 1970 as a STIX timestamp with three decimals, which `created` and `modified` must have. */
export function formatTimestamp(atMs: number): string {
  return new Date(atMs).toISOString();
}
