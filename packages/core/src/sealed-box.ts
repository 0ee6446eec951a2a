import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Random bytes are drawn for many nonces at once: a draw costs more than sealing a short text. */
let pool = Buffer.alloc(0);

/** Bytes under a key, with what must be kept beside them to open them again. */
export interface SealedBox {
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** Ciphertext, then the tag of 16 bytes. */
  readonly box: Uint8Array;
}

/**
 * Seals bytes with AES-256-GCM under a fresh random nonce.
 *
 * @param key 32 bytes; seals at most 2^32 boxes (NIST SP 800-38D, 8.3)
 * @param context is not in the box, and must be the same when it is opened
 */
export function seal(key: Uint8Array, bytes: Uint8Array, context: Uint8Array): SealedBox {
  const nonce = drawNonce();
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
  const body = cipher.update(bytes);
  cipher.final();
  const box = new Uint8Array(body.length + TAG_BYTES);
  box.set(body);
  box.set(cipher.getAuthTag(), body.length);
  return { nonce, box };
}

function drawNonce(): Uint8Array {
  if (pool.length < NONCE_BYTES) pool = randomFillSync(Buffer.allocUnsafe(1024 * NONCE_BYTES));
  const nonce = new Uint8Array(pool.subarray(0, NONCE_BYTES));
  pool = pool.subarray(NONCE_BYTES);
  return nonce;
}

/** Opens what `seal` sealed; null when key, nonce, context or bytes are not those that were sealed. */
export function unseal(key: Uint8Array, { nonce, box }: SealedBox, context: Uint8Array): Uint8Array | null {
  if (box.byteLength < TAG_BYTES) return null;
  const body = box.subarray(0, box.byteLength - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(context).setAuthTag(box.subarray(box.byteLength - TAG_BYTES));
  try {
    return new Uint8Array(Buffer.concat([decipher.update(body), decipher.final()]));
  } catch {
    return null;
  }
}
