import { canonicalJson, fromBase64, fromUtf8, LAST_MS, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';
import { makeNoteSigner, type SigningKey } from './note-signer.js';
import type { NoteSigner } from './signed-note.js';
import { formatVerifierKey, parseVerifierKey, SignatureType, type VerifierKey } from './verifier-key.js';

/** A log changes its key: from `fromMs` on both sign, from `untilMs` on only the new one. Milliseconds since 1970. */
export interface KeyRotation {
  /** Ed25519 keys of one name, the log's origin. */
  readonly oldKey: VerifierKey;
  readonly newKey: VerifierKey;
  readonly fromMs: number;
  /** After `fromMs`. */
  readonly untilMs: number;
}

const KIND = 'key-rotation';
const MAX_BYTES = 4096;

/**
 * The statement of a rotation, to be logged before `fromMs`: canonical JSON `{kind, fromMs, newKey, oldKey, signatures, untilMs}`, keys as
 * `formatVerifierKey` writes them, `signatures` as `{new, old}` in Base64. Both keys sign the same object without `signatures`, followed by
 * a newline: a note text of one line, which no checkpoint is.
 *
 * A stolen key can sign such a statement too. A reader believes one that lies in the log itself, under a checkpoint that witnesses cosigned
 * before the old key's end.
 *
 * @throws PhalanxError `LEDGER_ROTATION` for keys or times that do not fit, or when a signature does not verify under its key
 */
export async function signKeyRotation(
  rotation: KeyRotation,
  oldKey: SigningKey,
  newKey: SigningKey,
): Promise<Uint8Array> {
  const text = `${canonicalJson(describe(rotation))}\n`;
  const signatures = {
    old: toBase64(await makeNoteSigner(rotation.oldKey.keyName, oldKey).sign(text)),
    new: toBase64(await makeNoteSigner(rotation.newKey.keyName, newKey).sign(text)),
  };
  const statement = utf8(canonicalJson({ ...describe(rotation), signatures }));
  openKeyRotation(statement);
  return statement;
}

/**
 * Reads a statement and checks both signatures. Whether `oldKey` is the key that the reader trusts is for the reader to compare.
 *
 * @throws PhalanxError `LEDGER_ROTATION` for what is not such a statement in canonical form, above 4,096 bytes, with keys or times that do
 * not fit, or not signed by both
 */
export function openKeyRotation(statement: Uint8Array): KeyRotation {
  if (statement.length > MAX_BYTES) throw rotationError(`${statement.length} bytes, more than ${MAX_BYTES}`);
  let rotation: KeyRotation;
  let signatures: { old: string; new: string };
  try {
    const read = JSON.parse(fromUtf8(statement));
    rotation = {
      oldKey: parseVerifierKey(read.oldKey),
      newKey: parseVerifierKey(read.newKey),
      fromMs: read.fromMs,
      untilMs: read.untilMs,
    };
    signatures = { old: String(read.signatures.old), new: String(read.signatures.new) };
  } catch (cause) {
    throw rotationError('it cannot be read', cause);
  }
  const body = describe(rotation);
  if (fromUtf8(statement) !== canonicalJson({ ...body, signatures }))
    throw rotationError('it is not canonical');
  const text = `${canonicalJson(body)}\n`;
  for (const [key, signature] of [
    [rotation.oldKey, signatures.old],
    [rotation.newKey, signatures.new],
  ] as const)
    if (!isSigned(key, text, signature)) throw rotationError(`${formatVerifierKey(key)} did not sign it`);
  return rotation;
}

/** The keys whose signatures count at a time: the old one, both, the new one. */
export function verifiersAt({ oldKey, newKey, fromMs, untilMs }: KeyRotation, nowMs: number): VerifierKey[] {
  return nowMs < fromMs ? [oldKey] : nowMs < untilMs ? [oldKey, newKey] : [newKey];
}

/** The signers that a log has at a time, as `verifiersAt`. */
export function signersAt(
  { oldKey, fromMs, untilMs }: KeyRotation,
  nowMs: number,
  keys: { readonly old: SigningKey; readonly new: SigningKey },
): NoteSigner[] {
  const used = nowMs < fromMs ? [keys.old] : nowMs < untilMs ? [keys.old, keys.new] : [keys.new];
  return used.map((key) => makeNoteSigner(oldKey.keyName, key));
}

function describe(rotation: KeyRotation): {
  kind: string;
  oldKey: string;
  newKey: string;
  fromMs: number;
  untilMs: number;
} {
  const { oldKey, newKey, fromMs, untilMs } = rotation;
  if ([oldKey, newKey].some(({ type }) => type !== SignatureType.ED25519))
    throw rotationError('a key that does not sign notes');
  if (oldKey.keyName !== newKey.keyName) throw rotationError('keys of two names');
  if (Buffer.compare(oldKey.publicKey, newKey.publicKey) === 0) throw rotationError('one key for both');
  const areTimes = [fromMs, untilMs].every((ms) => Number.isInteger(ms) && ms >= 0 && ms <= LAST_MS);
  if (!areTimes || fromMs >= untilMs) throw rotationError('it does not end after it begins');
  return {
    kind: KIND,
    oldKey: formatVerifierKey(oldKey),
    newKey: formatVerifierKey(newKey),
    fromMs,
    untilMs,
  };
}

function isSigned(key: VerifierKey, text: string, base64: string): boolean {
  try {
    return key.verify(text, fromBase64(base64));
  } catch {
    return false;
  }
}

function rotationError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_ROTATION', `not a key rotation: ${what}`, { cause });
}
