import { fromUtf8, PhalanxError, utf8 } from '@phalanx/core';
import {
  type Checkpoint,
  hashLeaf,
  parseCheckpoint,
  parseNote,
  type SignedNote,
  type TlogProof,
  verifyInclusion,
} from '@phalanx/ledger';
import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle';
import type { AttestationErrorCode } from './attestation-error.js';
import { LEAF_KIND } from './statement-leaf.js';
import type { TrustedLog } from './trusted-root.js';

/** An entry of a trusted log, as a bundle shows it. */
export interface LoggedEntry {
  readonly log: TrustedLog;
  /** The entry's bytes. */
  readonly leaf: Uint8Array;
  /** Null for an entry that its log has only promised to include. */
  readonly proof: TlogProof | null;
  readonly checkpoint: Checkpoint | null;
  /** When the log says that it took the entry, in milliseconds since 1970; null for logs that say no time, as ours. */
  readonly integratedMs: number | null;
}

/** As sigstore-go. */
const MAX_ENTRIES = 32;
const MAX_HASHES = 63;

/**
 * Checks what `@sigstore/verify` 3.1.1 leaves open about log entries. The signatures of checkpoints are left to it.
 *
 * @param signer DER of the certificate or public key that an entry of Rekor's second version must name
 * @throws PhalanxError `ATTESTATION_LOG`
 */
export function checkLogEntries(
  { verificationMaterial }: Bundle,
  logs: readonly TrustedLog[],
  signer: Uint8Array,
): readonly LoggedEntry[] {
  const tlogEntries: readonly TransparencyLogEntry[] = verificationMaterial.tlogEntries;
  if (tlogEntries.length === 0 || tlogEntries.length > MAX_ENTRIES)
    throw logError(`${tlogEntries.length} entries, not 1 to ${MAX_ENTRIES}`);
  const kinds = new Set(tlogEntries.map(({ kindVersion: { kind, version } }) => `${kind} ${version}`));
  if (kinds.size > 1) throw logError('entries of several kinds');
  const bodies = tlogEntries.map(
    ({ logId, canonicalizedBody }) => `${logId.keyId.toString('hex')} ${canonicalizedBody.toString('hex')}`,
  );
  if (new Set(bodies).size !== bodies.length) throw logError('one entry twice');
  return tlogEntries.map((entry) => checkEntry(entry, logs, signer));
}

function checkEntry(
  entry: TransparencyLogEntry,
  logs: readonly TrustedLog[],
  signer: Uint8Array,
): LoggedEntry {
  const { kindVersion, canonicalizedBody, inclusionProof, inclusionPromise, integratedTime } = entry;
  const log = logs.find(({ id }) => Buffer.compare(id, entry.logId.keyId) === 0);
  if (log === undefined) throw logError('its log is not trusted');
  const leaf = new Uint8Array(canonicalizedBody);
  const isRekorV2 = kindVersion.kind === LEAF_KIND.kind && kindVersion.version === LEAF_KIND.version;
  if (isRekorV2) checkSigner(leaf, signer);
  const index = readCount(entry.logIndex);
  const integratedMs = inclusionPromise === undefined ? null : readCount(integratedTime) * 1000;
  if (inclusionProof === undefined) return { log, leaf, proof: null, checkpoint: null, integratedMs };
  // The index in a log of Rekor's first version counts from its first shard, the proof's from the last.
  const proofIndex = readCount(inclusionProof.logIndex);
  if (isRekorV2 && proofIndex !== index) throw logError('it states two indices');
  const envelope = inclusionProof.checkpoint?.envelope ?? '';
  const { note, checkpoint } = readCheckpoint(envelope);
  checkNames(note, log);
  const { hashes, rootHash, treeSize } = inclusionProof;
  if (readCount(treeSize) !== checkpoint.size || Buffer.compare(rootHash, checkpoint.root) !== 0)
    throw logError('its checkpoint is of another tree than its proof');
  const inclusion = hashes.map((hash) => new Uint8Array(hash));
  if (
    inclusion.length > MAX_HASHES ||
    !verifyInclusion(hashLeaf(leaf), proofIndex, checkpoint.size, inclusion, checkpoint.root)
  )
    throw logError(`entry ${proofIndex} is not shown to be in a tree of ${checkpoint.size}`);
  const proof = { extra: null, index: proofIndex, inclusion, checkpoint: utf8(envelope) };
  return { log, leaf, proof, checkpoint, integratedMs };
}

/** The entry holds a key of its own; it must be the one that the bundle is verified with. */
function checkSigner(leaf: Uint8Array, signer: Uint8Array): void {
  let named: unknown;
  try {
    const { verifier } = JSON.parse(fromUtf8(leaf)).spec.hashedRekordV002.signature;
    named = (verifier.publicKey ?? verifier.x509Certificate).rawBytes;
  } catch (cause) {
    throw logError('the entry is malformed', cause);
  }
  if (named !== Buffer.from(signer).toString('base64')) throw logError('the entry is about another signer');
}

function readCheckpoint(envelope: string): { note: SignedNote; checkpoint: Checkpoint } {
  try {
    const note = parseNote(utf8(envelope));
    return { note, checkpoint: parseCheckpoint(note.text) };
  } catch (cause) {
    throw logError((cause as Error).message, cause);
  }
}

/** `@sigstore/verify` reads the name on a signature line as a regular expression; only a part of the log's URL is let through. */
function checkNames({ signatures }: SignedNote, { id, baseUrl }: TrustedLog): void {
  const keyId = new DataView(id.buffer, id.byteOffset).getUint32(0);
  const own = signatures.filter((signature) => signature.keyId === keyId);
  if (own.length === 0) throw logError('its log did not sign the checkpoint');
  if (!own.every(({ keyName }) => baseUrl.includes(keyName)))
    throw logError('its log signs under another name');
}

function readCount(digits: string): number {
  const count = /^(?:0|[1-9][0-9]{0,15})$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw logError('a number is out of range');
  return count;
}

function logError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_LOG', `the bundle is not shown to be in the log: ${what}`, { cause });
}
