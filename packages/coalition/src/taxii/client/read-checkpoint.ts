import { createHash } from 'node:crypto';
import { type Json, utf8 } from '@phalanx/core';
import { refuse } from '../../coalition-error.js';
import { asRecord } from '../../stix/stix-object.js';
import { formatMicroseconds } from '../microseconds.js';
import { parseDateAdded } from './date-added.js';

/**
 * Up to where a collection was read. JSON of at most some 120 kB; keep it when what was read is durable, and not before.
 */
export interface ReadCheckpoint {
  /** All that was there before this time was read; null where the server tells no times: then all is read again. */
  readonly cursorUs: number | null;
  /** `keyOf` of what was read of the last `OVERLAP_US` before it. What is missing here is read twice, and nothing else happens. */
  readonly keys: readonly string[];
}

/**
 * How far before its cursor a reading begins again. Servers give times before they commit, on several machines, and set their clocks
 * back; what becomes visible later than this after its time is not found by any reading that does not begin anew.
 */
export const OVERLAP_US = 600_000_000;
/** Keys in a checkpoint. */
export const MAX_KEYS = 5_000;

const KEY = /^[A-Za-z0-9_-]{22}$/;

/** 128 bits of the SHA-256 of a text, in base64url. */
export function keyOf(text: string): string {
  return createHash('sha256').update(utf8(text)).digest().subarray(0, 16).toString('base64url');
}

export function formatCheckpoint({ cursorUs, keys }: ReadCheckpoint): Json {
  return { cursor: cursorUs === null ? null : formatMicroseconds(cursorUs), keys };
}

/** @throws PhalanxError `COALITION_TAXII` for what `formatCheckpoint` did not write */
export function parseCheckpoint(json: Json): ReadCheckpoint {
  const { cursor, keys } = asRecord(json) ?? {};
  const time = parseDateAdded(cursor);
  const isList = Array.isArray(keys) && keys.length <= MAX_KEYS;
  if (!isList || (cursor !== null && time === null)) return refuseCheckpoint();
  if (!keys.every((key) => typeof key === 'string' && KEY.test(key))) return refuseCheckpoint();
  return { cursorUs: time?.us ?? null, keys: keys as readonly string[] };
}

function refuseCheckpoint(): never {
  return refuse('COALITION_TAXII', 'no checkpoint of a reading', 'begin anew without one');
}
