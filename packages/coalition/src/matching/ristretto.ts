import { randomBytes } from 'node:crypto';
import sodium from 'libsodium-wrappers-sumo';
import { refuse } from '../coalition-error.js';

// Once a thread; importing this module waits for it.
await sodium.ready;

/** Bytes of an encoded group element and of a scalar. */
export const POINT_BYTES = 32;
export const SCALAR_BYTES = 32;

/** Order of the group, 2^252 + 27742317777372353535851937790883648493, little-endian (RFC 9496 section 4). */
const ORDER = new Uint8Array(
  Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex'),
);

/** The scalar 1, little-endian. */
export const ONE: Uint8Array = scalarOf(1);
/** The generator (RFC 9496 section 4, checked by its appendix A.1). */
export const GENERATOR: Uint8Array = sodium.crypto_scalarmult_ristretto255_base(ONE);

/**
 * A group element as somebody else wrote it: canonical encoding (RFC 9496 section 4.3.1), not the identity.
 *
 * @throws PhalanxError `COALITION_MATCHING` otherwise
 */
export function decodePoint(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== POINT_BYTES || isZero(bytes) || !sodium.crypto_core_ristretto255_is_valid_point(bytes))
    return refuse(
      'COALITION_MATCHING',
      'this is no element of ristretto255',
      'Refuse the message it came in.',
    );
  return bytes;
}

/**
 * A scalar as somebody else wrote it: 32 bytes, little-endian, below the order, not 0.
 *
 * @throws PhalanxError `COALITION_MATCHING` otherwise
 */
export function decodeScalar(bytes: Uint8Array): Uint8Array {
  let at = SCALAR_BYTES - 1;
  if (bytes.length === SCALAR_BYTES) while (at >= 0 && bytes[at] === ORDER[at]) at--;
  if (bytes.length !== SCALAR_BYTES || isZero(bytes) || at < 0 || bytes[at]! > ORDER[at]!)
    return refuse(
      'COALITION_MATCHING',
      'this is no scalar of ristretto255',
      'Refuse the message it came in.',
    );
  return bytes;
}

/** Uniform in 1 to order - 1. libsodium's own generator is far slower in WebAssembly: it fetches every word from JavaScript. */
export function drawScalar(): Uint8Array {
  for (;;) {
    const scalar = reduceScalar(randomBytes(64));
    if (!isZero(scalar)) return scalar;
  }
}

/** 64 bytes, little-endian, modulo the order. */
export function reduceScalar(wide: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_reduce(wide);
}

/** A small public integer, 0 to 2^32 - 1. */
export function scalarOf(value: number): Uint8Array {
  const scalar = new Uint8Array(SCALAR_BYTES);
  new DataView(scalar.buffer).setUint32(0, value, true);
  return scalar;
}

export function addScalars(a: Uint8Array, b: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_add(a, b);
}

export function subtractScalars(a: Uint8Array, b: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_sub(a, b);
}

export function multiplyScalars(a: Uint8Array, b: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_mul(a, b);
}

/** @throws PhalanxError `COALITION_MATCHING` for 0 */
export function invertScalar(a: Uint8Array): Uint8Array {
  if (isZero(a)) refuse('COALITION_MATCHING', 'zero has no inverse', 'Draw another scalar.');
  return sodium.crypto_core_ristretto255_scalar_invert(a);
}

/**
 * All inverses for the price of one and three multiplications each (Montgomery's trick).
 *
 * @throws PhalanxError `COALITION_MATCHING` when one of them is 0
 */
export function invertScalars(scalars: readonly Uint8Array[]): Uint8Array[] {
  let product = ONE;
  const before = scalars.map((scalar) => {
    const soFar = product;
    product = multiplyScalars(product, scalar);
    return soFar;
  });
  let rest = invertScalar(product);
  const inverses = scalars.slice();
  for (let i = scalars.length - 1; i >= 0; i--) {
    inverses[i] = multiplyScalars(rest, before[i]!);
    rest = multiplyScalars(rest, scalars[i]!);
  }
  return inverses;
}

/** The element derived from 64 uniform bytes (RFC 9496 section 4.3.4). */
export function pointFromUniform(wide: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_from_hash(wide);
}

/**
 * `scalar * point`, in constant time. Decodes strictly, so that a hostile point needs no check before it.
 *
 * @throws PhalanxError `COALITION_MATCHING` when the point is not a canonical encoding, or point, scalar or product is zero
 */
export function multiplyPoint(scalar: Uint8Array, point: Uint8Array): Uint8Array {
  try {
    return sodium.crypto_scalarmult_ristretto255(scalar, point);
  } catch {
    return refuse(
      'COALITION_MATCHING',
      'this is no element of ristretto255',
      'Refuse the message it came in.',
    );
  }
}

/** @throws PhalanxError `COALITION_MATCHING` for the scalar 0 */
export function multiplyBase(scalar: Uint8Array): Uint8Array {
  if (isZero(scalar)) refuse('COALITION_MATCHING', 'zero is no key', 'Draw another scalar.');
  return sodium.crypto_scalarmult_ristretto255_base(scalar);
}

/**
 * The sum, which may be the identity.
 *
 * @throws PhalanxError `COALITION_MATCHING` when one of the two is not a canonical encoding
 */
export function addPoints(a: Uint8Array, b: Uint8Array): Uint8Array {
  try {
    return sodium.crypto_core_ristretto255_add(a, b);
  } catch {
    return refuse(
      'COALITION_MATCHING',
      'this is no element of ristretto255',
      'Refuse the message it came in.',
    );
  }
}

/** Whether all bytes are 0: the scalar 0, or the encoding of the identity. In constant time. */
export function isZero(bytes: Uint8Array): boolean {
  let or = 0;
  for (const byte of bytes) or |= byte;
  return or === 0;
}

/** Overwrites a secret. The engine may have copied it before: see the specification, section 8. */
export function wipe(secret: Uint8Array): void {
  secret.fill(0);
}
