import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { refuse } from '../weights-error.js';

/** Plaintext of every chunk but the last. */
export const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
/** Stands before the first chunk. */
export const PAYLOAD_NONCE_BYTES = 16;
const NONCE_BYTES = 12;
const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** HKDF-SHA256 of the file key, salted with the payload's nonce (C2SP age, "Payload"). */
export function derivePayloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** Chunks of a plaintext: an empty one has one, which is empty. */
export function countChunks(plainBytes: number): number {
  return Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES));
}

/** Bytes of the chunks of a plaintext, without the payload's nonce. */
export function sealedBytes(plainBytes: number): number {
  return plainBytes + TAG_BYTES * countChunks(plainBytes);
}

/**
 * Bytes of plaintext in chunks of so many bytes.
 *
 * @throws PhalanxError `WEIGHTS_SEAL` for what no payload can have: less than a tag, or an empty chunk that is not the only one
 */
export function plainBytes(sealed: number): number {
  const rest = sealed % SEALED_CHUNK_BYTES;
  const whole = (sealed - rest) / SEALED_CHUNK_BYTES;
  if (rest === 0 ? whole === 0 : rest < TAG_BYTES || (rest === TAG_BYTES && whole > 0))
    refuse('WEIGHTS_SEAL', 'the payload is cut: it cannot have this length');
  return rest === 0 ? whole * CHUNK_BYTES : whole * CHUNK_BYTES + rest - TAG_BYTES;
}

/** Encrypts one chunk to the end of `out` at `at`, and returns where it ends. ChaCha20-Poly1305 without associated data. */
export function sealChunk(
  key: Uint8Array,
  index: number,
  isLast: boolean,
  plain: Uint8Array,
  out: Uint8Array,
  at: number,
): number {
  const cipher = createCipheriv(CIPHER, key, nonceOf(index, isLast), OPTIONS);
  out.set(cipher.update(plain), at);
  cipher.final();
  out.set(cipher.getAuthTag(), at + plain.length);
  return at + plain.length + TAG_BYTES;
}

/** Decrypts one chunk. @throws PhalanxError `WEIGHTS_SEAL` when it is not what was written at this place */
export function openChunk(key: Uint8Array, index: number, isLast: boolean, sealed: Uint8Array): Uint8Array {
  if (sealed.length < TAG_BYTES) return refuse('WEIGHTS_SEAL', 'the payload is cut');
  const decipher = createDecipheriv(CIPHER, key, nonceOf(index, isLast), OPTIONS);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return refuse('WEIGHTS_SEAL', `chunk ${index} was altered, moved or is not the last`);
  }
  return plain;
}

/** Eleven bytes of counter, big-endian, and one that is 1 for the last chunk (STREAM). */
function nonceOf(index: number, isLast: boolean): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  view.setUint32(3, Math.floor(index / 2 ** 32));
  view.setUint32(7, index % 2 ** 32);
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}
