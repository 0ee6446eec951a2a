import { concatBytes } from '@phalanx/core';

/** `value` as `width` bytes, big-endian: I2OSP of RFC 8017. 0 <= value < 256^width, width 1 to 4. */
export function integerBytes(value: number, width: 1 | 2 | 4): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes.subarray(4 - width);
}

/** Each part after its length in two bytes, big-endian, so that no two lists of parts give one text. Parts up to 65,535 bytes. */
export function framed(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(parts.flatMap((part) => [integerBytes(part.length, 2), part]));
}
