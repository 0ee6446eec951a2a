import { DAY_MS, HOUR_MS, LAST_MS, MINUTE_MS } from '@phalanx/core';

/** A count with thousands separators, `12,430`. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : '–';
}

/** `1 account`, `41 accounts`. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A share in [0, 1] as a percentage with two significant digits, `5 %`, `0.42 %`. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '–';
  return `${Number((share * 100).toPrecision(share > 0.0995 ? 3 : 2)).toLocaleString('en-US', { maximumFractionDigits: share > 0.0995 ? 0 : 6 })}\u00A0%`;
}

/** A log10 to one decimal with a true minus sign, `7.2`, `−0.3`. */
export function formatLog10(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const text = Math.abs(value).toFixed(1);
  return value < 0 && text !== '0.0' ? `−${text}` : text;
}

/** An effect size, up to four significant digits, `0.41`, `12,300`, `3.1e−5`. */
export function formatEffect(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(1).replace(/-/g, '−');
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 }).replace('-', '−');
}

/** 10 to a power as a number that can be read: `16 million`; from 10^12 on, the power of ten. */
export function formatOdds(log10: number): string {
  if (log10 >= 12) return `10^${Math.floor(log10)}`;
  const value = Number((10 ** log10).toPrecision(2));
  if (value >= 1e9) return `${(value / 1e9).toLocaleString('en-US')} billion`;
  if (value >= 1e6) return `${(value / 1e6).toLocaleString('en-US')} million`;
  return value.toLocaleString('en-US');
}

/** `2026-02-03 14:00:07 UTC`; `unknown` outside what a date can hold. */
export function formatInstant(atMs: number): string {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > LAST_MS) return 'unknown';
  const iso = new Date(atMs).toISOString();
  const end = iso.indexOf('T');
  return `${iso.slice(0, end)} ${iso.slice(end + 1, end + 9)} UTC`;
}

/** `3 Feb 2026` in UTC; `unknown` outside what a date can hold. */
export function formatDay(atMs: number): string {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > LAST_MS) return 'unknown';
  return new Date(atMs).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
}

/** A span in its two largest units, `2 d 4 h`, `35 min`, `12 s`. Negative spans count as 0. */
export function formatDuration(spanMs: number): string {
  if (!Number.isFinite(spanMs)) return '–';
  const ms = Math.max(0, spanMs);
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return minutes > 0 ? `${minutes} min` : `${Math.round(ms / 1000)} s`;
}
