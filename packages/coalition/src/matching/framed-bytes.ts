import { hash } from 'node:crypto';
import { concatBytes } from '@phalanx/core';

/** `value` as `width` bytes, big-endian: I2OSP of RFC 8017. 0 <= value < 256^width, width 1 to 4. */
export function integerBytes(value: number, width: 1 | 2 | 4): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes.subarray(4 - width);
}

/** Each part after its length in two bytes, big-endian, so that no two lists of parts give one text. Parts up to 65,535 bytes. */
export function framed(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((total, { length }) => total + 2 + length, 0));
  let at = 0;
  for (const part of parts) {
    out[at] = part.length >> 8;
    out[at + 1] = part.length;
    out.set(part, at + 2);
    at += 2 + part.length;
  }
  return out;
}

/** SHA-256 or SHA-512 of parts one after another, in one call, which is several times as fast as a hash object on short texts. */
export function digestOf(algorithm: 'sha256' | 'sha512', ...parts: readonly Uint8Array[]): Uint8Array {
  const digest = hash(algorithm, concatBytes(parts), 'buffer');
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}
