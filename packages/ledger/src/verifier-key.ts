import { createHash, createPublicKey, verify as verifyWithNode } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { concatBytes, fromBase64, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { cosignedMessage, cosignedText, readCosignature } from './cosignature.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { isKeyName, type NoteVerifier } from './signed-note.js';

/** Signature types of C2SP signed-note that this package reads and writes. */
export const SignatureType = {
  /** Ed25519 over the note text. */
  ED25519: 0x01,
  /** Timestamped Ed25519 cosignature of a checkpoint. */
  ED25519_COSIGNATURE: 0x04,
  /** Timestamped ML-DSA-44 cosignature of a checkpoint. */
  ML_DSA_44_COSIGNATURE: 0x06,
} as const;
export type SignatureType = (typeof SignatureType)[keyof typeof SignatureType];

/** A public key with its name, as policies and configurations hold it. */
export interface VerifierKey extends NoteVerifier {
  readonly type: SignatureType;
  /** 32 bytes for Ed25519, 1,312 for ML-DSA-44. */
  readonly publicKey: Uint8Array;
}

const PUBLIC_KEY_BYTES: Readonly<Record<SignatureType, number>> = { 1: 32, 4: 32, 6: 1312 };
/** DER of a SubjectPublicKeyInfo for Ed25519, up to the key (RFC 8410). */
const ED25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/**
 * Reads `name+hex(key id)+base64(type || public key)` (C2SP signed-note, verifier keys).
 *
 * @throws PhalanxError `LEDGER_KEY`: malformed, an id that is not the key's, a type not listed in `SignatureType`, or an Ed25519 point
 * that is of small order or not encoded canonically, for which verifiers disagree about what it signed
 */
export function parseVerifierKey(text: string): VerifierKey {
  const [name, id, base64, ...rest] = splitKey(text);
  if (
    name === undefined ||
    id === undefined ||
    base64 === undefined ||
    rest.length > 0 ||
    !/^[0-9a-f]{8}$/.test(id)
  )
    throw keyError('it is not name+id+key');
  let bytes: Uint8Array;
  try {
    bytes = fromBase64(base64);
  } catch (cause) {
    throw keyError('its key is not base64', cause);
  }
  const type = Object.values(SignatureType).find((known) => known === bytes[0]);
  if (type === undefined) throw keyError(`signature type ${bytes[0]} is not supported`);
  const key = makeVerifierKey(name, type, bytes.slice(1));
  if (key.keyId !== Number.parseInt(id, 16)) throw keyError('its id is of another key');
  return key;
}

/**
 * A verifier from a bare public key.
 *
 * @throws PhalanxError `LEDGER_KEY`, see `parseVerifierKey`
 */
export function makeVerifierKey(keyName: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(keyName)) throw keyError('its name is empty or has a space or a plus sign');
  if (publicKey.length !== PUBLIC_KEY_BYTES[type])
    throw keyError(`a key of type ${type} has ${PUBLIC_KEY_BYTES[type]} bytes, this one ${publicKey.length}`);
  const keyId = keyIdOf(keyName, type, publicKey);
  const verify =
    type === SignatureType.ML_DSA_44_COSIGNATURE
      ? verifyMlDsa(keyName, publicKey)
      : verifyEd25519(publicKey, type === SignatureType.ED25519 ? utf8 : null);
  return { keyName, keyId, type, publicKey, verify };
}

export function formatVerifierKey({ keyName, keyId, type, publicKey }: VerifierKey): string {
  const id = keyId.toString(16).padStart(8, '0');
  return `${keyName}+${id}+${toBase64(concatBytes([Uint8Array.of(type), publicKey]))}`;
}

/** SHA-256(name || newline || type || public key), the first four bytes as a big-endian number. */
export function keyIdOf(keyName: string, type: SignatureType, publicKey: Uint8Array): number {
  return createHash('sha256')
    .update(utf8(`${keyName}\n`))
    .update(Uint8Array.of(type))
    .update(publicKey)
    .digest()
    .readUInt32BE(0);
}

/** @param messageOf what plain signatures sign; null for cosignatures, which carry a time in front */
function verifyEd25519(publicKey: Uint8Array, messageOf: typeof utf8 | null): NoteVerifier['verify'] {
  checkPoint(publicKey);
  const key = createPublicKey({
    key: Buffer.from(concatBytes([ED25519_SPKI, publicKey])),
    format: 'der',
    type: 'spki',
  });
  return (text, signature) => {
    if (messageOf) return signature.length === 64 && verifyWithNode(null, messageOf(text), key, signature);
    const cosignature = readCosignature(signature, 64);
    return (
      cosignature !== null &&
      verifyWithNode(null, cosignedText(text, cosignature.timestampS), key, cosignature.signature)
    );
  };
}

function verifyMlDsa(keyName: string, publicKey: Uint8Array): NoteVerifier['verify'] {
  return (text, signature) => {
    const cosignature = readCosignature(signature, 2420);
    if (cosignature === null) return false;
    const message = cosignedMessage(keyName, text, cosignature.timestampS);
    return message !== null && ml_dsa44.verify(cosignature.signature, message, publicKey);
  };
}

/** OpenSSL verifies under such keys too, and any signature may verify for many texts. */
function checkPoint(publicKey: Uint8Array): void {
  let isWeak: boolean;
  try {
    isWeak = ed25519.Point.fromBytes(publicKey, false).isSmallOrder();
  } catch (cause) {
    throw keyError('it is no canonical point of the curve', cause);
  }
  if (isWeak) throw keyError('it is a point of small order');
}

/** The key is base64 and may hold plus signs; name and id hold none. */
function splitKey(text: string): string[] {
  const first = text.indexOf('+');
  const second = text.indexOf('+', first + 1);
  return first < 0 || second < 0
    ? []
    : [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

function keyError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_KEY', `not a verifier key: ${what}`, { cause });
}
