import { DAY_MS, HOUR_MS, LAST_MS, MINUTE_MS } from '@phalanx/core';

const NARROW_SPACE = '\u202F';

/** A count with thousands separators: `12,430`. A number that is not finite becomes a dash. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : '–';
}

/** A share in [0, 1] as a percentage with two significant digits: `5 %`, `0.42 %`, `62 %`. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '–';
  const percent = share * 100;
  const digits = percent >= 9.95 || percent === 0 ? 0 : percent >= 0.995 ? 1 : 2;
  return `${percent.toFixed(digits).replace(/\.0$/, '')}${NARROW_SPACE}%`;
}

/** A log10 e-value to one decimal, with a true minus sign: `7.2`, `−0.3`. */
export function formatLog10(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const text = Math.abs(value).toFixed(1);
  return value < 0 && text !== '0.0' ? `−${text}` : text;
}

/** An effect size: up to four significant digits, thousands separated, exponent only below 0.0001. */
export function formatEffect(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(1).replace('-', '−');
  return Number(value.toPrecision(4))
    .toLocaleString('en-US', { maximumSignificantDigits: 4 })
    .replace('-', '−');
}

/** Odds in words a reader without mathematics can take in: `10^7.2` becomes `16 million`; from 10^12 on, a power of ten. */
export function formatOdds(log10: number): string {
  if (log10 < 1) return 'less than 10';
  if (log10 >= 12) return `10^${Math.floor(log10)}`;
  const value = Number((10 ** log10).toPrecision(2));
  if (value >= 1e9) return `${(value / 1e9).toLocaleString('en-US')} billion`;
  if (value >= 1e6) return `${(value / 1e6).toLocaleString('en-US')} million`;
  return value.toLocaleString('en-US');
}

/** `2026-02-03 14:00 UTC`; `unknown` outside the range of a date. */
export function formatInstant(atMs: number): string {
  const iso = isoOf(atMs);
  return iso === null ? 'unknown' : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** `3 Feb 2026`; `unknown` outside the range of a date. */
export function formatDay(atMs: number): string {
  const iso = isoOf(atMs);
  if (iso === null) return 'unknown';
  return new Date(atMs).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
}

/** A span of time in its two largest units: `2 d 4 h`, `35 min`, `12 s`. Negative spans count as 0. */
export function formatDuration(spanMs: number): string {
  if (!Number.isFinite(spanMs)) return '–';
  const ms = Math.max(0, spanMs);
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  if (minutes > 0) return `${minutes} min`;
  return `${Math.round(ms / 1000)} s`;
}

/** `1 account`, `41 accounts`. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function isoOf(atMs: number): string | null {
  return Number.isFinite(atMs) && Math.abs(atMs) <= LAST_MS ? new Date(atMs).toISOString() : null;
}
