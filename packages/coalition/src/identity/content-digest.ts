import { createHash, timingSafeEqual } from 'node:crypto';
import { deny } from './denial.js';
import { formatDictionary, parseDictionary } from './structured-field.js';

/** Algorithms of RFC 9530 section 5 that are not deprecated, and their lengths in bytes. */
const ALGORITHMS = { 'sha-256': 32, 'sha-512': 64 } as const;
export type DigestAlgorithm = keyof typeof ALGORITHMS;

/** The value of the field `Content-Digest` (RFC 9530 section 2) for a body. */
export function formatContentDigest(body: Uint8Array, algorithm: DigestAlgorithm = 'sha-256'): string {
  return formatDictionary(new Map([[algorithm, { value: digest(algorithm, body), parameters: new Map() }]]));
}

/**
 * Checks that a field `Content-Digest` is of this body. Each digest of an algorithm that is known must hold; others are ignored, as
 * section 2 of RFC 9530 allows, but at least one must be known.
 *
 * @throws PhalanxError `COALITION_IDENTITY` when the field is malformed, knows no algorithm of ours, or is of another body
 */
export function checkContentDigest(field: string, body: Uint8Array): void {
  let known = 0;
  for (const [key, member] of parseDictionary(field)) {
    if ('items' in member || !(member.value instanceof Uint8Array)) deny('a content digest that is no bytes');
    if (!isAlgorithm(key)) continue;
    known++;
    const found = digest(key, body);
    if (member.value.length !== ALGORITHMS[key] || !timingSafeEqual(member.value, found)) {
      deny('a content digest of another body');
    }
  }
  if (known === 0) deny('no content digest of an algorithm that counts');
}

function isAlgorithm(key: string): key is DigestAlgorithm {
  return Object.hasOwn(ALGORITHMS, key);
}

function digest(algorithm: DigestAlgorithm, body: Uint8Array): Uint8Array {
  return createHash(algorithm.replace('-', '')).update(body).digest();
}
