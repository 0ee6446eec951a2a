import { canonicalJson, fromBase64, fromUtf8, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { type Checkpoint, parseCheckpoint } from './checkpoint.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { HASH_BYTES, isSameHash } from './merkle-hash.js';
import { verifyConsistency } from './merkle-proof.js';
import { type NoteVerifier, openNote } from './signed-note.js';

/** Two checkpoints of one log that cannot both be of one append-only tree. */
export interface Equivocation {
  /** Signed notes, the smaller tree first. */
  readonly notes: readonly [Uint8Array, Uint8Array];
  /**
   * Root over the first leaves of the larger tree, as many as the smaller has, and the proof that it is. Null for trees of one
   * size, whose roots speak for themselves.
   */
  readonly prefix: { readonly root: Uint8Array; readonly consistency: readonly Uint8Array[] } | null;
}

const TYPE = 'phalanx-equivocation-v1';
const MAX_BYTES = 4_000_000;
const MAX_HASHES = 63;

/** The file: canonical JSON and a newline. */
export function formatEquivocation({ notes, prefix }: Equivocation): Uint8Array {
  const proof =
    prefix === null ? null : { root: toBase64(prefix.root), consistency: prefix.consistency.map(toBase64) };
  return utf8(`${canonicalJson({ type: TYPE, notes: notes.map(toBase64), prefix: proof })}\n`);
}

/**
 * Reads such a file. Nothing is verified yet.
 *
 * @throws PhalanxError `LEDGER_PROOF`
 */
export function parseEquivocation(file: Uint8Array): Equivocation {
  if (file.length > MAX_BYTES) throw equivocationError(`${file.length} bytes, more than ${MAX_BYTES}`);
  try {
    const { type, notes, prefix } = JSON.parse(fromUtf8(file));
    if (type !== TYPE || !Array.isArray(notes) || notes.length !== 2)
      throw equivocationError(`it is no ${TYPE}`);
    const consistency: unknown = prefix?.consistency ?? [];
    if (!Array.isArray(consistency) || consistency.length > MAX_HASHES)
      throw equivocationError('its proof is none');
    return {
      notes: [fromBase64(String(notes[0])), fromBase64(String(notes[1]))],
      prefix:
        prefix === null
          ? null
          : {
              root: fromBase64(String(prefix.root)),
              consistency: consistency.map((hash) => fromBase64(String(hash))),
            },
    };
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw equivocationError('it cannot be read', cause);
  }
}

/**
 * Whether the file proves that whoever holds the log's key signed two trees.
 *
 * @param verifiers keys of the log
 * @throws PhalanxError what `openNote` and `parseCheckpoint` throw: a note that the log did not sign proves nothing
 */
export function provesEquivocation(
  { notes, prefix }: Equivocation,
  verifiers: readonly NoteVerifier[],
): boolean {
  const [smaller, larger] = notes.map((note) => parseCheckpoint(openNote(note, verifiers).text)) as [
    Checkpoint,
    Checkpoint,
  ];
  if (smaller.origin !== larger.origin) return false;
  if (smaller.size === larger.size) return !isSameHash(smaller.root, larger.root);
  return (
    prefix !== null &&
    prefix.root.length === HASH_BYTES &&
    verifyConsistency(smaller.size, larger.size, prefix.consistency, prefix.root, larger.root) &&
    !isSameHash(prefix.root, smaller.root)
  );
}

function equivocationError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_PROOF', `not a proof of equivocation: ${what}`, { cause });
}
