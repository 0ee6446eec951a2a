/**
 * How values of columns arrive in JavaScript, the same from both engines: int8 as a number, bytea as a plain Uint8Array. Everything
 * else as both engines do by themselves: int4 and float8 as numbers, text and uuid as strings, jsonb parsed, bool as booleans.
 * Times are int8 columns of milliseconds or microseconds; timestamptz is not used.
 */
export const COLUMN_PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  // Object ids of types in PostgreSQL's pg_type.dat.
  17: parseBytea,
  20: parseInt8,
};

/** @throws RangeError past 2^53: a number would silently be another one. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} is not exact as a number`);
  return value;
}

/** The hex form, `\x...`, which is what `bytea_output` gives by default. */
function parseBytea(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}
