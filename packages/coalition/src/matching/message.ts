import { fromBase64, shortenText, toBase64 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';

/** Base64 characters of `bytes` bytes. */
const textLength = (bytes: number) => 4 * Math.ceil(bytes / 3);

const isBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/**
 * Bytes, written as canonical base64 in JSON: `least` to `most` of them, a multiple of `unit`. The length of the text is checked before it is
 * decoded.
 */
export function bytesField(least: number, most = least, unit = 1) {
  const text = z.string().min(textLength(least)).max(textLength(most));
  const inside = isBytes.refine(
    ({ length }) => length >= least && length <= most && length % unit === 0,
    'wrong number of bytes',
  );
  return z.codec(text, inside, {
    decode(value, context) {
      try {
        return fromBase64(value);
      } catch {
        context.issues.push({ code: 'custom', input: value, message: 'not canonical base64' });
        return z.NEVER;
      }
    },
    encode: toBase64,
  });
}

/** Elements of `unit` bytes, one after another: `least` to `most` of them. In memory a list. */
export function listField(unit: number, least: number, most: number) {
  return z.codec(bytesField(least * unit, most * unit, unit), z.array(isBytes), {
    decode: (bytes) => splitBytes(bytes, unit),
    encode: (list) => joinBytes(list, unit),
  });
}

/**
 * Reads a message of a stranger.
 *
 * @param mostBytes of text; longer ones are not parsed
 * @throws PhalanxError `COALITION_LIMIT` for longer ones, `COALITION_MATCHING` for what is not JSON or does not fit the schema
 */
export function decodeMessage<S extends z.ZodType>(schema: S, text: string, mostBytes: number): z.output<S> {
  if (text.length > mostBytes)
    refuse('COALITION_LIMIT', `a message of ${text.length} characters`, `At most ${mostBytes}.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    refuse('COALITION_MATCHING', 'the message is not JSON', 'Refuse it.', cause);
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  // It may quote names that the stranger chose.
  const why = shortenText(`${path.join('.') || 'its root'}: ${message}`.slice(0, 400), 120);
  return refuse('COALITION_MATCHING', `the message is malformed at ${why}`, 'Refuse it.');
}

/** @throws ZodError when the message does not fit the schema: a bug of ours */
export function encodeMessage<S extends z.ZodType>(schema: S, message: z.output<S>): string {
  return JSON.stringify(z.encode(schema, message));
}

export function splitBytes(bytes: Uint8Array, unit: number): Uint8Array[] {
  return Array.from({ length: bytes.length / unit }, (_, i) => bytes.subarray(i * unit, (i + 1) * unit));
}

export function joinBytes(list: readonly Uint8Array[], unit: number): Uint8Array {
  const bytes = new Uint8Array(list.length * unit);
  for (const [i, item] of list.entries()) {
    if (item.length !== unit) throw new RangeError(`an element of ${item.length} bytes, not ${unit}`);
    bytes.set(item, i * unit);
  }
  return bytes;
}
