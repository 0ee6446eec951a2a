import { fromBase64, PhalanxError, toBase64 } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';
import { HASH_BYTES } from './merkle-hash.js';

/** C2SP tlog-checkpoint v1.0.0: how large a log is, and the root over all of it. */
export interface Checkpoint {
  /** Name of the log, not empty. */
  readonly origin: string;
  /** Leaves, up to 2^53 - 1; the specification goes further, no log will. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Further lines, not recommended and not interpreted here. */
  readonly extensions: readonly string[];
}

/** A checkpoint with the note that signs it. */
export interface SignedCheckpoint {
  readonly note: Uint8Array;
  readonly checkpoint: Checkpoint;
}

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * Reads the text of a checkpoint's note.
 *
 * @throws PhalanxError `LEDGER_CHECKPOINT`
 */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) throw checkpointError('it does not end in a newline');
  const [origin, size, root, ...extensions] = text.slice(0, -1).split('\n');
  if (!origin) throw checkpointError('it has no origin');
  if (size === undefined || parseDecimal(size) === null) throw checkpointError('its second line is no size');
  let hash: Uint8Array;
  try {
    hash = fromBase64(root ?? '');
  } catch (cause) {
    throw checkpointError('its third line is not base64', cause);
  }
  if (hash.length !== HASH_BYTES)
    throw checkpointError(`its root has ${hash.length} bytes, not ${HASH_BYTES}`);
  if (extensions.includes('')) throw checkpointError('an extension line is empty');
  return { origin, size: parseDecimal(size)!, root: hash, extensions };
}

/**
 * The text to sign.
 *
 * @throws PhalanxError `LEDGER_CHECKPOINT` for an empty origin, a line break in a line, or a size or root out of range
 */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const text = `${[origin, size, toBase64(root), ...extensions].join('\n')}\n`;
  const read = parseCheckpoint(text);
  if (read.origin !== origin || read.extensions.length !== extensions.length)
    throw checkpointError('a line has a line break');
  return text;
}

/** A number without sign and leading zeroes, up to 2^53 - 1; null for anything else. */
export function parseDecimal(text: string): number | null {
  const n = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(n) ? n : null;
}

function checkpointError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_CHECKPOINT', `not a checkpoint: ${what}`, { cause });
}
