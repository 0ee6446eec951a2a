import { concatBytes } from '@phalanx/core';
import { digestOf, integerBytes } from './framed-bytes.js';
import { pointFromUniform, reduceScalar } from './ristretto.js';

const HASH_BYTES = 64;
const BLOCK = new Uint8Array(128);

/**
 * `expand_message_xmd` with SHA-512 (RFC 9380 section 5.3.1; vectors of its appendix K.3).
 *
 * @param dst domain separation tag, 1 to 255 bytes
 * @param bytes how many, 1 to 64: one block is all that this package needs
 */
export function expandMessage(message: Uint8Array, dst: Uint8Array, bytes: number): Uint8Array {
  const tag = concatBytes([dst, integerBytes(dst.length, 1)]);
  const first = digestOf('sha512', BLOCK, message, integerBytes(bytes, 2), integerBytes(0, 1), tag);
  const block = digestOf('sha512', first, integerBytes(1, 1), tag);
  return block.subarray(0, bytes);
}

/** Hash to ristretto255 (RFC 9380 appendix B, `ristretto255_XMD:SHA-512_R255MAP_RO_`). */
export function hashToGroup(message: Uint8Array, dst: Uint8Array): Uint8Array {
  return pointFromUniform(expandMessage(message, dst, HASH_BYTES));
}

/** Hash to a scalar: 64 bytes, little-endian, modulo the order (RFC 9497 section 4.1). */
export function hashToScalar(message: Uint8Array, dst: Uint8Array): Uint8Array {
  return reduceScalar(expandMessage(message, dst, HASH_BYTES));
}
