const SECONDS = /^[0-9]{1,9}$/;

/** Milliseconds that `Retry-After` asks to wait (RFC 9110 section 10.2.3: seconds or a date); null for none that can be read. */
export function readRetryAfter(value: string | null, nowMs: number): number | null {
  const text = value?.trim() ?? '';
  if (SECONDS.test(text)) return Number(text) * 1000;
  // A date of HTTP has a comma; Date.parse takes a great deal else.
  const atMs = text.includes(',') && text.length <= 64 ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
