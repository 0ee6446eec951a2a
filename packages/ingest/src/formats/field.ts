import { LAST_MS } from '@phalanx/core';
import { isJsonObject } from '@phalanx/wire';
import { rejectRow } from '../error.js';
import type { Row } from './format.js';

/** First of the named members that is present: not undefined, null or "". */
export function firstOf(row: Row, ...names: readonly string[]): unknown {
  for (const name of names) {
    const value = row[name];
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

/** A member as an object, decoded if it is JSON text (CSV and ClickHouse columns hold JSON as text); else empty. */
export function objectAt(row: Row, name: string): Row {
  const value = decodeJson(row[name]);
  return isJsonObject(value) ? value : EMPTY;
}

const EMPTY: Row = {};

/** Text that looks like a JSON object or array, decoded; anything else, or broken JSON, as it came. */
export function decodeJson(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * A value as an identifier or label: a string, or a number in decimal; absent when null or empty.
 *
 * @throws PhalanxError `INGEST_ROW` for other types and for more than `limit` UTF-16 code units.
 */
export function readLabel(value: unknown, name: string, limit: number): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') throw rejectRow(`${name} is not a string`);
  if (value.length > limit) throw rejectRow(`${name} is longer than ${limit}`);
  return value;
}

/** A value as free text, cut to `limit`; absent when null, empty or of another type. */
export function readText(value: unknown, limit: number): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, limit) : undefined;
}

/**
 * A finite number, also as text or bigint; absent when null or empty.
 *
 * @throws PhalanxError `INGEST_ROW` for anything else.
 */
export function readNumber(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'bigint' || (typeof value === 'string' && /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value))
        ? Number(value)
        : Number.NaN;
  if (!Number.isFinite(number)) throw rejectRow(`${name} is not a number`);
  return number;
}

/** A count >= 0, rounded down. @throws PhalanxError `INGEST_ROW` when negative, beyond 2^53 or not a number. */
export function readCount(value: unknown, name: string): number | undefined {
  const number = readNumber(value, name);
  if (number === undefined) return undefined;
  if (number < 0 || number > Number.MAX_SAFE_INTEGER) throw rejectRow(`${name} is not a count`);
  return Math.floor(number);
}

/** true/false, 1/0 or "true"/"false" in any case; absent otherwise. */
export function readFlag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value === 'string' && /^(?:true|false|1|0)$/i.test(value)) return /^(?:true|1)$/i.test(value);
  return undefined;
}

/** Units a mapping may name for a time or duration. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns';

const UNIT_MS: Readonly<Record<TimeUnit, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 };

/** Scales a duration to milliseconds. Negative ones (clock skew) are absent. @throws `INGEST_ROW` when not a number. */
export function readDurationMs(value: unknown, name: string, unit: TimeUnit): number | undefined {
  const number = readNumber(value, name);
  return number === undefined || number < 0 ? undefined : number * UNIT_MS[unit];
}

const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)([.,]\d+)?\s*(Z|UTC|[+-]\d\d:?(?:\d\d)?)?$/i;

/**
 * A point in time as milliseconds since the epoch, UTC, rounded down.
 *
 * Takes ISO 8601 ("T" or a space; without an offset it is UTC, as ClickHouse prints it), a Date, and an epoch number
 * also as text. Without a unit the number's size tells it: below 1e11 seconds, 1e14 ms, 1e17 us, else ns. That is
 * right for every time between 1973 and 5138.
 *
 * @throws PhalanxError `INGEST_ROW` for anything else.
 */
export function readTimeMs(value: unknown, name: string, unit?: TimeUnit): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  let ms = Number.NaN;
  if (typeof value === 'number') ms = scaleEpoch(value, unit);
  else if (typeof value === 'bigint') ms = scaleEpoch(Number(value), unit);
  else if (value instanceof Date) ms = value.getTime();
  else if (typeof value === 'string') {
    const iso = ISO.exec(value);
    if (iso !== null) ms = parseIso(iso);
    else if (/^\d+(?:\.\d+)?$/.test(value)) ms = scaleEpoch(Number(value), unit);
  }
  if (!(ms >= 0 && ms <= LAST_MS)) throw rejectRow(`${name} is not a time`);
  return Math.floor(ms);
}

function scaleEpoch(value: number, unit: TimeUnit | undefined): number {
  if (unit !== undefined) return value * UNIT_MS[unit];
  if (value < 1e11) return value * 1000;
  return value < 1e14 ? value : value < 1e17 ? value / 1e3 : value / 1e6;
}

function parseIso([, date, clock, fraction, zone]: RegExpExecArray): number {
  const digits = fraction === undefined ? '' : `.${fraction.slice(1, 4)}`;
  const upper = zone?.toUpperCase();
  const offset =
    upper === undefined || upper === 'UTC' ? 'Z' : /^[+-]\d\d$/.test(upper) ? `${upper}:00` : upper;
  return Date.parse(`${date}T${clock!.length === 5 ? `${clock}:00` : clock}${digits}${offset}`);
}
