import { createCipheriv, createHmac } from 'node:crypto';

/** Bytes asked of the cipher at once: enough to reach its speed. */
const PIECE = 1 << 20;
const ZEROS = new Uint8Array(PIECE);

/**
 * Part of an AES-128-CTR key stream (NIST SP 800-38A), counter from zero, big-endian: `count` bytes from `offset`, a multiple of 16.
 */
export function drawKeyStream(key: Uint8Array, offset: number, count: number): Uint8Array<ArrayBuffer> {
  const counter = new Uint8Array(16);
  new DataView(counter.buffer).setBigUint64(8, BigInt(offset / 16));
  const cipher = createCipheriv('aes-128-ctr', key, counter);
  const out = new Uint8Array(count);
  for (let at = 0; at < count; at += PIECE)
    out.set(cipher.update(ZEROS.subarray(0, Math.min(PIECE, count - at))), at);
  return out;
}

/** First 16 bytes of HMAC-SHA-256 under `key`: the key of the stream that belongs to a name. */
export function deriveStreamKey(key: Uint8Array, name: string): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(name, 'utf8').digest().subarray(0, 16));
}
