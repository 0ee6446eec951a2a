const CONSTRUCTED = 0x20;
const UNIVERSAL = 0x00;
const SEQUENCE = 0x10;
const SET = 0x11;

/**
 * Whether bytes are one value in DER as far as its frame goes (X.690 section 10): definite lengths in their shortest form, strings in
 * one piece, tags below 31, nothing after the end. Parsers of BER take many byte strings for one value, and signatures cover
 * one only.
 *
 * @param maxDepth nesting that is walked; deeper is false
 */
export function isDer(bytes: Uint8Array, maxDepth = 32): boolean {
  return readValue(bytes, 0, bytes.length, maxDepth) === bytes.length;
}

/** Where the value that starts at `at` ends; null when it is not DER. */
function readValue(bytes: Uint8Array, at: number, end: number, depth: number): number | null {
  if (depth === 0 || at + 2 > end) return null;
  const tag = bytes[at]!;
  const number = tag & 0x1f;
  if (number === 0x1f) return null;
  const isConstructed = (tag & CONSTRUCTED) !== 0;
  const isUniversal = tag >> 6 === UNIVERSAL;
  if (isUniversal && (number === 0 || isConstructed !== (number === SEQUENCE || number === SET))) return null;
  let start = at + 2;
  let length = bytes[at + 1]!;
  if (length >= 0x80) {
    const count = length - 0x80;
    if (count < 1 || count > 4 || start + count > end || bytes[start] === 0) return null;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start + i]!;
    if (length < 0x80) return null;
    start += count;
  }
  const stop = start + length;
  if (stop > end) return null;
  if (!isConstructed) return stop;
  for (let next: number | null = start; next !== stop; ) {
    next = readValue(bytes, next, stop, depth - 1);
    if (next === null) return null;
  }
  return stop;
}
