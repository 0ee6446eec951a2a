import { PhalanxError } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';
import { TILE_WIDTH } from './tile-path.js';

/** Longest entry that a bundle can hold (C2SP tlog-tiles, log entries). */
export const MAX_ENTRY_BYTES = 65_535;

/**
 * Entries one after another, each behind its length as a big-endian uint16.
 *
 * @throws PhalanxError `LEDGER_TILE` for an entry above 65,535 bytes, or above 256 entries
 */
export function formatEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > TILE_WIDTH) throw bundleError(`${entries.length} entries, more than ${TILE_WIDTH}`);
  const bytes = new Uint8Array(entries.reduce((sum, { length }) => sum + 2 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_BYTES) throw bundleError(`an entry of ${entry.length} bytes`);
    view.setUint16(at, entry.length);
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/**
 * Entries of a bundle, as views into it.
 *
 * @throws PhalanxError `LEDGER_TILE` when it ends inside an entry or holds more than 256
 */
export function parseEntryBundle(bytes: Uint8Array): Uint8Array[] {
  const entries = parseEntries(bytes);
  if (entries.length > TILE_WIDTH) throw bundleError(`${entries.length} entries, more than ${TILE_WIDTH}`);
  return entries;
}

/**
 * Any number of entries, each behind its length, as views.
 *
 * @throws PhalanxError `LEDGER_TILE` when they end inside one
 */
export function parseEntries(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 <= bytes.length ? at + 2 + view.getUint16(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw bundleError('it ends inside an entry');
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

function bundleError(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_TILE', `not an entry bundle: ${what}`);
}
