import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { refuseRequest } from './taxii-refusal.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const POSITION_BYTES = 8;

/**
 * A position as `next` of TAXII 2.1 section 3.4.2, which nobody but this hub can read or make: the server remembers nothing. It is
 * encrypted, not signed only, since the position may be that of an object which the reader must not know of. AES-256-GCM;
 * with random nonces a key may make 2^32 of them.
 *
 * @param key 32 bytes
 * @param use what it may be used for: endpoint, collection, reader and query
 */
export function sealCursor(key: Uint8Array, positionUs: number, use: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(use));
  const position = Buffer.alloc(POSITION_BYTES);
  position.writeBigUInt64BE(BigInt(positionUs));
  const sealed = Buffer.concat([nonce, cipher.update(position), cipher.final(), cipher.getAuthTag()]);
  return sealed.toString('base64url');
}

/** @throws TaxiiRefusal 400 for one that was altered, or made for another use or with another key */
export function openCursor(key: Uint8Array, cursor: string, use: string): number {
  const sealed = cursor.length > 64 ? Buffer.alloc(0) : Buffer.from(cursor, 'base64url');
  const isWhole = sealed.length === NONCE_BYTES + POSITION_BYTES + TAG_BYTES;
  if (!isWhole || sealed.toString('base64url') !== cursor) return refuseCursor();
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(use))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const position = Buffer.concat([cipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), cipher.final()]);
    return Number(position.readBigUInt64BE());
  } catch {
    return refuseCursor();
  }
}

function refuseCursor(): never {
  return refuseRequest(400, "the value of 'next' was not given for this query");
}
