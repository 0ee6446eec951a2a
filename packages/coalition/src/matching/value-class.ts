import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { concatBytes, fromHex, fromUtf8, toHex, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { framed, integerBytes } from './framed-bytes.js';

/** What kind of value is matched. */
export type ValueClass = 'ip' | 'email' | 'payment-bin' | 'device' | 'prompt-hash' | 'template-band';

interface ClassRule {
  /** In the input of every function below; never changed once published. */
  readonly code: number;
  /** A holder of a whole key could try all values: only servers that hold it in shares may evaluate. */
  readonly splitKeyOnly: boolean;
  read(text: string): Uint8Array | null;
}

/** Characters that are looked at: an e-mail address has at most 254 in the end. */
const MAX_TEXT = 320;
const HEX = /^[0-9a-f]+$/;
const DEVICE = /^[\w.:/+=-]{16,128}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const UNPRINTABLE = /[\s\p{Cc}\p{Cf}\p{Cs}]/u;

const RULES: Readonly<Record<ValueClass, ClassRule>> = {
  ip: { code: 1, splitKeyOnly: true, read: readAddress },
  email: { code: 2, splitKeyOnly: true, read: readMailAddress },
  'payment-bin': {
    code: 3,
    splitKeyOnly: true,
    read: (text) => (/^(?:[0-9]{6}|[0-9]{8})$/.test(text) ? utf8(text) : null),
  },
  device: {
    code: 4,
    splitKeyOnly: true,
    read: (text) => (DEVICE.test(text) ? utf8(UUID.test(text) ? text.toLowerCase() : text) : null),
  },
  'prompt-hash': { code: 5, splitKeyOnly: false, read: (text) => readHex(text, 32) },
  'template-band': { code: 6, splitKeyOnly: true, read: (text) => readHex(text, 5) },
};

/** Every class, in the order of their codes. */
export const VALUE_CLASSES = Object.keys(RULES) as readonly ValueClass[];

/**
 * The one form of a value that all labs hash: specification, section 2.
 *
 * @param text an address, an e-mail address, 6 or 8 leading digits of a card, an identifier of 16 to 128 letters, digits and `_.:/+=-`, 64 or 10
 *   hexadecimal digits
 * @throws PhalanxError `COALITION_MATCHING` for anything else; the value is not repeated in the message
 */
export function canonicalValue(valueClass: ValueClass, text: string): Uint8Array {
  return (
    (text.length <= MAX_TEXT ? RULES[valueClass].read(text) : null) ??
    refuse('COALITION_MATCHING', `this is no value of class ${valueClass}`, 'Leave it out.')
  );
}

/**
 * A value in words, as `canonicalValue` reads it back; null when the bytes are no canonical value of the class. What a rival calls a value goes
 * through this before anybody reads it.
 */
export function textOfValue(valueClass: ValueClass, value: Uint8Array): string | null {
  const text = readableText(valueClass, value);
  if (text === null || text.length > MAX_TEXT) return null;
  const again = RULES[valueClass].read(text);
  return again !== null && Buffer.compare(again, value) === 0 ? text : null;
}

function readableText(valueClass: ValueClass, value: Uint8Array): string | null {
  if (valueClass === 'prompt-hash' || valueClass === 'template-band') return toHex(value);
  if (valueClass === 'ip') {
    if (value.length === 4) return value.join('.');
    return value.length === 16 ? toHex(value).replace(/(.{4})(?!$)/g, '$1:') : null;
  }
  try {
    return fromUtf8(value);
  } catch {
    return null;
  }
}

/** Whether values of this class may be evaluated only by servers that hold the key in shares. */
export function needsSplitKey(valueClass: ValueClass): boolean {
  return RULES[valueClass].splitKeyOnly;
}

/** The class with this code; null when there is none. */
export function valueClassOf(code: number): ValueClass | null {
  return VALUE_CLASSES.find((valueClass) => RULES[valueClass].code === code) ?? null;
}

export function valueCodeOf(valueClass: ValueClass): number {
  return RULES[valueClass].code;
}

/** What the OPRF is evaluated on under a key that servers hold together: `"phalanx-matching-v1"`, class, epoch and value, framed. */
export function matchingInput(valueClass: ValueClass, epoch: number, value: Uint8Array): Uint8Array {
  const code = Uint8Array.of(RULES[valueClass].code);
  return framed(utf8('phalanx-matching-v1'), code, integerBytes(epoch, 4), value);
}

/**
 * The same, for a server that holds a whole key.
 *
 * @throws PhalanxError `COALITION_MATCHING` for classes whose values can be tried one by one: 2^32 addresses take some core-days
 */
export function singleKeyInput(valueClass: ValueClass, epoch: number, value: Uint8Array): Uint8Array {
  if (needsSplitKey(valueClass))
    refuse(
      'COALITION_MATCHING',
      `values of class ${valueClass} can be guessed by whoever holds the key`,
      'Use servers that hold the key in shares.',
    );
  return matchingInput(valueClass, epoch, value);
}

/** 4 or 16 bytes; an IPv4 address within IPv6 (`::ffff:a.b.c.d`) is the IPv4 address. */
function readAddress(text: string): Uint8Array | null {
  const family = isIP(text);
  if (family === 4) return Uint8Array.from(text.split('.'), Number);
  if (family !== 6 || text.includes('%')) return null;
  const [head, tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const [before, after] = [groups(head), groups(tail)];
  const all = [...before, ...Array(8 - before.length - after.length).fill('0'), ...after];
  const bytes = concatBytes(all.map((group) => integerBytes(Number.parseInt(group, 16), 2)));
  const isMapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return isMapped ? bytes.slice(12) : bytes;
}

/** Lower case, composed (NFC), without what follows a `+`, the domain in ASCII; for Gmail without dots. */
function readMailAddress(text: string): Uint8Array | null {
  const at = text.lastIndexOf('@');
  if (at < 1 || UNPRINTABLE.test(text)) return null;
  const named = domainToASCII(text.slice(at + 1).replace(/\.$/, ''));
  const plain = text.slice(0, at).normalize('NFC').toLowerCase().normalize('NFC').split('+')[0]!;
  const isGmail = named === 'gmail.com' || named === 'googlemail.com';
  const local = isGmail ? plain.replaceAll('.', '') : plain;
  if (local === '' || local.includes('@') || !named.includes('.')) return null;
  const bytes = utf8(`${local}@${isGmail ? 'gmail.com' : named}`);
  return bytes.length <= 254 ? bytes : null;
}

function readHex(text: string, bytes: number): Uint8Array | null {
  const lower = text.toLowerCase();
  return lower.length === 2 * bytes && HEX.test(lower) ? fromHex(lower) : null;
}
