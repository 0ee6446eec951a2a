import { fromBase64, fromUtf8, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { type Checkpoint, parseCheckpoint, parseDecimal } from './checkpoint.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { HASH_BYTES } from './merkle-hash.js';
import { verifyInclusion } from './merkle-proof.js';
import { checkPolicy, type TrustPolicy, type Witnessed } from './tlog-policy.js';

/** C2SP tlog-proof v1: everything needed offline to show that an entry is in a log, but for the entry and the trusted keys. */
export interface TlogProof {
  /** Opaque, and not authenticated by the proof. */
  readonly extra: Uint8Array | null;
  readonly index: number;
  /** Siblings from the leaf upwards, 32 bytes each, 63 at most. */
  readonly inclusion: readonly Uint8Array[];
  /** The signed checkpoint as the log served it, cosignatures included. */
  readonly checkpoint: Uint8Array;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_HASHES = 63;
/** A note's limit, and as much again for extra data and hashes. */
const MAX_BYTES = 2_000_000;

/** The `.tlog-proof` file. */
export function formatTlogProof({ extra, index, inclusion, checkpoint }: TlogProof): Uint8Array {
  const lines = [
    HEADER,
    ...(extra === null ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...inclusion.map(toBase64),
  ];
  return utf8(`${lines.join('\n')}\n\n${fromUtf8(checkpoint)}`);
}

/**
 * Reads a `.tlog-proof` file. Nothing is verified yet.
 *
 * @throws PhalanxError `LEDGER_PROOF`
 */
export function parseTlogProof(file: Uint8Array): TlogProof {
  if (file.length > MAX_BYTES) throw proofError(`${file.length} bytes, more than ${MAX_BYTES}`);
  const end = Buffer.from(file.buffer, file.byteOffset, file.byteLength).indexOf('\n\n');
  if (end < 0) throw proofError('no blank line before the checkpoint');
  let lines: string[];
  try {
    lines = fromUtf8(file.subarray(0, end)).split('\n');
  } catch (cause) {
    throw proofError('bytes that are not UTF-8', cause);
  }
  if (lines.shift() !== HEADER) throw proofError(`the first line is not ${HEADER}`);
  const extra = lines[0]?.startsWith('extra ') ? readBase64(lines.shift()!.slice(6)) : null;
  const [, digits] = /^index ([0-9]+)$/.exec(lines.shift() ?? '') ?? [];
  const index = digits === undefined ? null : parseDecimal(digits);
  if (index === null) throw proofError('no index');
  if (lines.length > MAX_HASHES) throw proofError(`${lines.length} hashes, more than ${MAX_HASHES}`);
  const inclusion = lines.map(readBase64);
  if (inclusion.some(({ length }) => length !== HASH_BYTES)) throw proofError('a hash that has not 32 bytes');
  return { extra, index, inclusion, checkpoint: file.slice(end + 2) };
}

/** What a proof shows once it is verified. */
export interface ProvedInclusion extends Witnessed {
  readonly index: number;
  readonly checkpoint: Checkpoint;
}

/**
 * Verifies a proof offline: the checkpoint against the policy, then the path from the leaf to its root.
 *
 * @param leafHash of the entry, see `hashLeaf`
 * @throws PhalanxError what `checkPolicy` throws; `LEDGER_CHECKPOINT`; `LEDGER_PROOF` when the path does not lead to the root
 */
export function verifyTlogProof(
  proof: TlogProof,
  leafHash: Uint8Array,
  policy: TrustPolicy,
): ProvedInclusion {
  const witnessed = checkPolicy(proof.checkpoint, policy);
  const checkpoint = parseCheckpoint(witnessed.text);
  if (!verifyInclusion(leafHash, proof.index, checkpoint.size, proof.inclusion, checkpoint.root))
    throw new PhalanxError<LedgerErrorCode>(
      'LEDGER_PROOF',
      `entry ${proof.index} is not shown to be in the ${checkpoint.size} of ${checkpoint.origin}`,
      { advice: 'The entry, its index or the path is another than the log had.' },
    );
  return { ...witnessed, index: proof.index, checkpoint };
}

function readBase64(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw proofError('a line that is not base64', cause);
  }
}

function proofError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_PROOF', `not a tlog-proof: ${what}`, { cause });
}
