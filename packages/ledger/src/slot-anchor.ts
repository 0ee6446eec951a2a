import { createHash } from 'node:crypto';
import {
  canonicalJson,
  concatBytes,
  fromBase64,
  fromUtf8,
  PhalanxError,
  toBase64,
  utf8,
} from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';
import { hashLeaf } from './merkle-hash.js';
import type { TrustPolicy } from './tlog-policy.js';
import { type ProvedInclusion, parseTlogProof, verifyTlogProof } from './tlog-proof.js';

/** What the leaf of a slot commits to. */
export interface SlotOpening {
  /** Number of the slot: its first millisecond since 1970 over `slotMs`. */
  readonly slot: number;
  /** Length of a slot in milliseconds. */
  readonly slotMs: number;
  /** Slot of the log's first leaf: the leaf of slot n has index n - firstSlot. */
  readonly firstSlot: number;
  /** When the leaf was made, by the log's clock. */
  readonly atMs: number;
  /** Whether it was made after the slot had ended: the log was not running then. */
  readonly late: boolean;
  /** Signed checkpoints of inner logs by their origin, as they stood at `atMs`. */
  readonly checkpoints: ReadonlyMap<string, Uint8Array>;
}

/** Bytes of the salt, fresh for every leaf. */
export const SALT_BYTES = 16;
/** Longest opening: some hundred inner logs with a few cosignatures each. */
export const MAX_OPENING_BYTES = 262_144;
const LABEL = utf8('phalanx-anchor-v1\0');

/** The entry of a slot, 32 bytes whatever it commits to: SHA-256(salt || "phalanx-anchor-v1" || 00 || canonical JSON). */
export function hashOpening(salt: Uint8Array, opening: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(salt).update(LABEL).update(opening).digest());
}

/**
 * The opening as canonical JSON (RFC 8785).
 *
 * @throws PhalanxError `LEDGER_CHECKPOINT` above 262,144 bytes
 */
export function formatOpening({ checkpoints, ...rest }: SlotOpening): Uint8Array {
  const notes = Object.fromEntries([...checkpoints].map(([origin, note]) => [origin, toBase64(note)]));
  const bytes = utf8(canonicalJson({ ...rest, checkpoints: notes }));
  if (bytes.length > MAX_OPENING_BYTES)
    throw new PhalanxError<LedgerErrorCode>(
      'LEDGER_CHECKPOINT',
      `the checkpoints of a slot take ${bytes.length} bytes, more than ${MAX_OPENING_BYTES}`,
      { advice: 'Anchor fewer inner logs in one slot log, or notes with fewer cosignatures.' },
    );
  return bytes;
}

/**
 * Reads an opening as `formatOpening` writes it, and no other spelling.
 *
 * @throws PhalanxError `LEDGER_PROOF`
 */
export function parseOpening(bytes: Uint8Array): SlotOpening {
  if (bytes.length > MAX_OPENING_BYTES) throw anchorError(`an opening of ${bytes.length} bytes`);
  try {
    const { slot, slotMs, firstSlot, atMs, late, checkpoints } = JSON.parse(fromUtf8(bytes));
    const counts = [slot, slotMs, firstSlot, atMs];
    const isSound = counts.every((n) => Number.isSafeInteger(n) && n >= 0) && slotMs > 0;
    if (isSound && typeof late === 'boolean' && typeof checkpoints === 'object' && checkpoints !== null) {
      const notes = Object.entries(checkpoints).map(
        ([origin, note]) => [origin, fromBase64(String(note))] as const,
      );
      const opening = { slot, slotMs, firstSlot, atMs, late, checkpoints: new Map(notes) };
      if (Buffer.from(formatOpening(opening)).equals(bytes)) return opening;
    }
  } catch (cause) {
    throw anchorError('an opening that cannot be read', cause);
  }
  throw anchorError('an opening of another form');
}

/** What an anchor shows once it is verified. */
export interface ProvedAnchor {
  readonly opening: SlotOpening;
  /** The leaf's place in the slot log, and who cosigned the checkpoint over it, when. */
  readonly inclusion: ProvedInclusion;
}

/** Extra data of the `.tlog-proof` file of an anchor. */
export function formatAnchorExtra(salt: Uint8Array, opening: Uint8Array): Uint8Array {
  return concatBytes([salt, opening]);
}

/**
 * Verifies an anchor offline: a `.tlog-proof` file whose extra data are salt and opening. It shows that the inner checkpoints in the
 * opening existed when the witnesses cosigned, and that they are what the log's owner committed to for this slot. Whether the
 * inner checkpoints are signed is for the inner logs' own policy.
 *
 * @throws PhalanxError `LEDGER_PROOF`: malformed, not the committed opening, or at another index than its slot has; what `verifyTlogProof`
 * throws
 */
export function verifyAnchor(file: Uint8Array, policy: TrustPolicy): ProvedAnchor {
  const proof = parseTlogProof(file);
  if (proof.extra === null || proof.extra.length <= SALT_BYTES) throw anchorError('no salt and opening');
  const salt = proof.extra.subarray(0, SALT_BYTES);
  const bytes = proof.extra.subarray(SALT_BYTES);
  const opening = parseOpening(bytes);
  const inclusion = verifyTlogProof(proof, hashLeaf(hashOpening(salt, bytes)), policy);
  const { slot, slotMs, firstSlot, atMs, late } = opening;
  if (slot - firstSlot !== inclusion.index) throw anchorError(`slot ${slot} at index ${inclusion.index}`);
  const made = Math.floor(atMs / slotMs);
  if (late ? made <= slot : made !== slot)
    throw anchorError(`slot ${slot} was made at another time than it says`);
  return { opening, inclusion };
}

function anchorError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_PROOF', `not an anchor: ${what}`, { cause });
}
