import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import { concatBytes, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { digestOf, framed, integerBytes } from './framed-bytes.js';
import { hashToScalar } from './hash-to-group.js';
import { evaluatePolynomial } from './shamir.js';
import { textOfValue, type ValueClass, valueClassOf, valueCodeOf } from './value-class.js';

/** What one lab says of one value. */
export interface Sighting {
  readonly valueClass: ValueClass;
  /** As `canonicalValue` gives it, up to 254 bytes. */
  readonly value: Uint8Array;
  /** Days since 1970-01-01. */
  readonly day: number;
  /** floor(log10(count)), 0 to 9: a decade, not the count. */
  readonly decade: number;
  /** More about it, shown only with the value: for a band of a template its sketch. Up to 64 bytes. */
  readonly detail: Uint8Array;
}

/** What all labs and the collector agree on. */
export interface RevealTerms {
  readonly epoch: number;
  /** Labs that must have seen a value before anybody learns it, 2 to 50. */
  readonly threshold: number;
}

/** All that follows from the output of the OPRF: `seed` decides the rest. */
export interface RevealSecret {
  readonly seed: Uint8Array;
  /** 16 bytes, equal for equal values: what the collector groups by. */
  readonly tag: Uint8Array;
  /** Coefficients of the polynomial that is shared, lowest first, `threshold` of them. */
  readonly coefficients: readonly Uint8Array[];
  /** Key of AES-256-GCM, made from the first coefficient. */
  readonly key: Uint8Array;
}

/** One submission, as the collector receives it. */
export interface SealedSighting {
  readonly tag: Uint8Array;
  /** The polynomial at the lab's place. */
  readonly share: Uint8Array;
  readonly nonce: Uint8Array;
  /** Ciphertext and authentication tag. */
  readonly box: Uint8Array;
}

const TAG_BYTES = 16;
const SHARE_BYTES = 32;
const NONCE_BYTES = 12;
const SEED_BYTES = 32;
const AUTH_BYTES = 16;
const HEAD_BYTES = TAG_BYTES + SHARE_BYTES + NONCE_BYTES;
/** Bytes of plain text after padding: two lengths, so that a length says little. */
const PLAIN_BYTES = [160, 384] as const;
/** Bytes of a submission, by length of its plain text. */
export const SEALED_BYTES = PLAIN_BYTES.map((plain) => HEAD_BYTES + plain + AUTH_BYTES) as [number, number];
export const MAX_THRESHOLD = 50;
/** Labs of a coalition, and so places. */
export const MAX_PLACE = 255;
const VALUE_BYTES = 254;
const DETAIL_BYTES = 64;
const COEFFICIENT_DST = utf8('phalanx-reveal-coefficient-v1');

/** floor(log10(count)), at most 9. */
export function decadeOf(count: number): number {
  return Math.min(9, Math.max(0, `${Math.floor(count)}`.length - 1));
}

/**
 * Tag, polynomial and key of a value (STAR, Davidson et al. 2022, over a threshold OPRF): specification, section 6.
 *
 * @param output 64 bytes of the OPRF on `matchingInput`
 */
export function revealSecretOf(output: Uint8Array, { epoch, threshold }: RevealTerms): RevealSecret {
  const terms = [integerBytes(epoch, 4), integerBytes(threshold, 1)];
  const text = framed(utf8('phalanx-reveal-seed-v1'), ...terms, output);
  return expandSeed(digestOf('sha512', text).slice(0, SEED_BYTES), threshold);
}

/** The same from the seed alone, which is what a collector finds in an opened submission. */
export function expandSeed(seed: Uint8Array, threshold: number): RevealSecret {
  if (!Number.isInteger(threshold) || threshold < 2 || threshold > MAX_THRESHOLD)
    refuse('COALITION_LIMIT', `a threshold of ${threshold}`, `2 to ${MAX_THRESHOLD}.`);
  const coefficients = Array.from({ length: threshold }, (_, j) =>
    hashToScalar(framed(seed, integerBytes(j, 1)), COEFFICIENT_DST),
  );
  return { seed, tag: tagOfSeed(seed), coefficients, key: keyOfSecret(coefficients[0]!) };
}

export function tagOfSeed(seed: Uint8Array): Uint8Array {
  return digestOf('sha256', framed(utf8('phalanx-reveal-tag-v1'), seed)).slice(0, TAG_BYTES);
}

/** The key behind the shared secret. */
export function keyOfSecret(secret: Uint8Array): Uint8Array {
  return digestOf('sha256', framed(utf8('phalanx-reveal-key-v1'), secret));
}

/**
 * Level 2, the lab's side: what is sent of one sighting. Without `threshold` labs' shares of the same value it says no more than its tag,
 * provided that nobody can evaluate the OPRF on a guess.
 *
 * @param place the lab's number, 1 to 255, which the collector takes from the connection
 * @throws PhalanxError `COALITION_LIMIT` for a value or a detail that is too long, a place, a day or a decade out of range, `COALITION_MATCHING` for a value that is not canonical
 */
export function sealSighting(
  output: Uint8Array,
  terms: RevealTerms,
  place: number,
  sighting: Sighting,
): SealedSighting {
  if (!Number.isInteger(place) || place < 1 || place > MAX_PLACE)
    refuse('COALITION_LIMIT', `there is no lab ${place}`, `1 to ${MAX_PLACE}.`);
  const { seed, tag, coefficients, key } = revealSecretOf(output, terms);
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(tag, terms, place));
  const box = concatBytes([cipher.update(encodePlain(seed, sighting)), cipher.final(), cipher.getAuthTag()]);
  return { tag, share: evaluatePolynomial(coefficients, place), nonce, box };
}

/** Opens a box; null when the key, the place or the box is wrong, or what is inside is malformed. */
export function openBox(
  key: Uint8Array,
  terms: RevealTerms,
  place: number,
  { tag, nonce, box }: SealedSighting,
): { seed: Uint8Array; sighting: Sighting } | null {
  const end = box.length - AUTH_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    .setAAD(boundTo(tag, terms, place))
    .setAuthTag(box.subarray(end));
  try {
    return decodePlain(concatBytes([decipher.update(box.subarray(0, end)), decipher.final()]));
  } catch {
    return null;
  }
}

/** A submission as bytes: tag, share, nonce, box. */
export function encodeSealed({ tag, share, nonce, box }: SealedSighting): Uint8Array {
  return concatBytes([tag, share, nonce, box]);
}

/** @param bytes 236 or 460 of them, which the schema of the batch has checked */
export function decodeSealed(bytes: Uint8Array): SealedSighting {
  return {
    tag: bytes.subarray(0, TAG_BYTES),
    share: bytes.subarray(TAG_BYTES, TAG_BYTES + SHARE_BYTES),
    nonce: bytes.subarray(TAG_BYTES + SHARE_BYTES, HEAD_BYTES),
    box: bytes.subarray(HEAD_BYTES),
  };
}

/** Whether a value makes this tag: what settles it when labs name different values under one tag. */
export function makesTag(output: Uint8Array, terms: RevealTerms, tag: Uint8Array): boolean {
  return timingSafeEqual(revealSecretOf(output, terms).tag, tag);
}

function boundTo(tag: Uint8Array, { epoch, threshold }: RevealTerms, place: number): Uint8Array {
  const numbers = [integerBytes(epoch, 4), integerBytes(threshold, 1), integerBytes(place, 1)];
  return framed(utf8('phalanx-reveal-box-v1'), tag, ...numbers);
}

function encodePlain(seed: Uint8Array, sighting: Sighting): Uint8Array {
  const { valueClass, value, day, decade, detail } = sighting;
  if (value.length > VALUE_BYTES || detail.length > DETAIL_BYTES)
    refuse(
      'COALITION_LIMIT',
      'a value or its detail is too long',
      `At most ${VALUE_BYTES} and ${DETAIL_BYTES} bytes.`,
    );
  if (!(day >= 0 && day <= 0xffffffff && decade >= 0 && decade <= 9))
    refuse('COALITION_LIMIT', `day ${day}, decade ${decade}`, 'Days since 1970, and decades from 0 to 9.');
  if (textOfValue(valueClass, value) === null)
    refuse('COALITION_MATCHING', `this is no value of class ${valueClass}`, 'Use `canonicalValue`.');
  const text = concatBytes([
    seed,
    integerBytes(valueCodeOf(valueClass), 1),
    integerBytes(day, 4),
    integerBytes(decade, 1),
    integerBytes(value.length, 1),
    value,
    integerBytes(detail.length, 1),
    detail,
  ]);
  const padded = new Uint8Array(PLAIN_BYTES.find((length) => length >= text.length)!);
  padded.set(text);
  return padded;
}

/** What a stranger sealed: every length is checked, the value is canonical, padding is zero. */
function decodePlain(bytes: Uint8Array): { seed: Uint8Array; sighting: Sighting } | null {
  const valueAt = SEED_BYTES + 7;
  const valueClass = valueClassOf(bytes[SEED_BYTES]!);
  const decade = bytes[SEED_BYTES + 5]!;
  const detailAt = valueAt + bytes[valueAt - 1]! + 1;
  const end = detailAt + (bytes[detailAt - 1] ?? Number.POSITIVE_INFINITY);
  if (valueClass === null || decade > 9 || end > bytes.length || end - detailAt > DETAIL_BYTES) return null;
  const value = bytes.slice(valueAt, detailAt - 1);
  if (bytes.subarray(end).some((byte) => byte !== 0) || textOfValue(valueClass, value) === null) return null;
  return {
    seed: bytes.slice(0, SEED_BYTES),
    sighting: {
      valueClass,
      value,
      day: new DataView(bytes.buffer, bytes.byteOffset).getUint32(SEED_BYTES + 1),
      decade,
      detail: bytes.slice(detailAt, end),
    },
  };
}
