import { PhalanxError, utf8 } from '@phalanx/core';
import { type Checkpoint, parseCheckpoint } from './checkpoint.js';

/** C2SP tlog-cosignature: when the cosigner saw the checkpoint as the largest, and its signature. */
export interface Cosignature {
  /** Seconds since 1970, 0 when the cosigner makes no statement about time; up to 2^53 - 1. */
  readonly timestampS: number;
  /** 64 bytes for Ed25519, 2,420 for ML-DSA-44. */
  readonly signature: Uint8Array;
}

const LABEL = utf8('subtree/v1\n\0');
const TIME_BYTES = 8;

/** Reads a `timestamped_signature` whose signature has so many bytes; null when it is none. */
export function readCosignature(bytes: Uint8Array, signatureBytes: number): Cosignature | null {
  if (bytes.length !== TIME_BYTES + signatureBytes) return null;
  const timestamp = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (timestamp > Number.MAX_SAFE_INTEGER) return null;
  return { timestampS: Number(timestamp), signature: bytes.slice(TIME_BYTES) };
}

/** The `timestamped_signature` that goes behind the key id. */
export function formatCosignature({ timestampS, signature }: Cosignature): Uint8Array {
  const bytes = new Uint8Array(TIME_BYTES + signature.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timestampS));
  bytes.set(signature, TIME_BYTES);
  return bytes;
}

/** What an Ed25519 cosigner signs: header, time, and the whole note text. */
export function cosignedText(text: string, timestampS: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timestampS}\n${text}`);
}

/**
 * What an ML-DSA-44 cosigner signs: a `cosigned_message` over the whole tree of the checkpoint. Extension lines are not in it.
 * Null when the text is no checkpoint, or a name does not fit its length byte.
 */
export function cosignedMessage(cosigner: string, text: string, timestampS: number): Uint8Array | null {
  const checkpoint = checkpointOf(text);
  if (checkpoint === null) return null;
  const names = [utf8(cosigner), utf8(checkpoint.origin)] as const;
  if (names.some(({ length }) => length === 0 || length > 255)) return null;
  const message = new Uint8Array(LABEL.length + 2 + names[0].length + names[1].length + 3 * 8 + 32);
  const view = new DataView(message.buffer);
  let at = 0;
  const put = (bytes: Uint8Array): void => {
    message.set(bytes, at);
    at += bytes.length;
  };
  const putNumber = (n: number): void => {
    view.setBigUint64(at, BigInt(n));
    at += 8;
  };
  put(LABEL);
  put(Uint8Array.of(names[0].length));
  put(names[0]);
  putNumber(timestampS);
  put(Uint8Array.of(names[1].length));
  put(names[1]);
  putNumber(0);
  putNumber(checkpoint.size);
  put(checkpoint.root);
  return message;
}

function checkpointOf(text: string): Checkpoint | null {
  try {
    return parseCheckpoint(text);
  } catch (error) {
    if (PhalanxError.is(error)) return null;
    throw error;
  }
}
