import { parseTimestamp } from '../timestamp.js';
import type { Literal } from './syntax-tree.js';

/**
 * A value that a path has reached: JSON, or the bytes of a property whose name ends in `_hex` or `_bin`. What is neither a
 * string, a number, a boolean nor bytes equals nothing.
 */
export type ObservedValue = unknown;

/** `=` of section 9.6.1. Values of types that cannot be compared are unequal. */
export function equalsLiteral(value: ObservedValue, literal: Literal): boolean {
  return compareLiteral(value, literal) === 0;
}

/**
 * The order of a value and a constant (section 9.6.1 and table of section 9.4): negative, 0, positive. Strings by code
 * point; strings and bytes by code points below 256; a timestamp is compared with what a string says. Null when the types
 * have no order; `true` and `false` are only ever equal (0) or not (null).
 */
export function compareLiteral(value: ObservedValue, literal: Literal): number | null {
  switch (literal.kind) {
    case 'timestamp': {
      const left = typeof value === 'string' ? parseTimestamp(value) : null;
      const right = parseTimestamp(literal.value);
      return left === null || right === null ? null : compare(left, right);
    }
    case 'integer':
    case 'float':
      return typeof value === 'number' ? compare(value, literal.value) : null;
    case 'boolean':
      return value === literal.value ? 0 : null;
    case 'string':
      if (typeof value === 'string') return compareCodePoints(value, literal.value);
      return value instanceof Uint8Array ? compareBytesAndText(value, literal.value) : null;
    case 'binary': {
      if (value instanceof Uint8Array) return Buffer.compare(value, literal.value);
      const order = typeof value === 'string' ? compareBytesAndText(literal.value, value) : null;
      return order === null ? null : -order;
    }
  }
}

function compareBytesAndText(bytes: Uint8Array, text: string): number | null {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 255) return null;
  return Buffer.compare(bytes, Buffer.from(text, 'latin1'));
}

/** UTF-16 code units put U+10000 and above before U+E000; code points do not. */
function compareCodePoints(left: string, right: string): number {
  if (left === right) return 0;
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at++) {
    if (left.charCodeAt(at) !== right.charCodeAt(at)) {
      const isLow = isLowSurrogate(left, at) && isLowSurrogate(right, at);
      const from = isLow ? at - 1 : at;
      return compare(left.codePointAt(from)!, right.codePointAt(from)!);
    }
  }
  return compare(left.length, right.length);
}

function isLowSurrogate(text: string, at: number): boolean {
  return at > 0 && (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
}

function compare<T extends number | bigint>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
