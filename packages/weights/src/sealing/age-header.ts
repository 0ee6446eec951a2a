import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import { Decrypter, Encrypter } from 'age-encryption';
import type { ByteSource } from '../formats/byte-source.js';
import { refuse, type WeightsErrorCode } from '../weights-error.js';
import { keyError, requireIdentity, requireRecipients } from './age-key.js';

/** Longest header that is read: a hundred post-quantum recipients take 165 KB. */
export const MAX_HEADER_BYTES = 256 * 1024;
const MAX_STANZAS = 256;
export const FILE_KEY_BYTES = 16;
const READS = [4 * 1024, 64 * 1024, MAX_HEADER_BYTES] as const;
/** What the library puts behind the header of an empty file: a nonce and a tag. */
const EMPTY_PAYLOAD = 32;
const MAC_LINE = '\n--- ';
const MAC_LINE_BYTES = MAC_LINE.length + 43 + 1;

/** The text part of an age file, with its last line break, and the key that it wraps. */
export interface AgeHeader {
  readonly bytes: Uint8Array;
  /** 16 bytes. Whoever has them reads the file. */
  readonly fileKey: Uint8Array;
}

/**
 * A header for some recipients (C2SP age, version 1): a stanza for each, and a MAC under the file key.
 *
 * @param fileKey a key that exists, to give its file to somebody else; without, a new one
 * @throws PhalanxError `WEIGHTS_KEY`
 */
export async function makeHeader(recipients: readonly string[], fileKey?: Uint8Array): Promise<AgeHeader> {
  requireRecipients(recipients);
  if (fileKey !== undefined && fileKey.length !== FILE_KEY_BYTES)
    refuse('WEIGHTS_ARGUMENT', `a file key of ${fileKey.length} bytes`);
  let used = new Uint8Array(0);
  const encrypter = new Encrypter();
  // The library draws the key itself and hands it to each recipient: the first may see it, and write another over it.
  encrypter.addRecipient({
    wrapFileKey: (drawn) => {
      if (fileKey !== undefined) drawn.set(fileKey);
      used = Uint8Array.from(drawn);
      return [];
    },
  });
  for (const [i, recipient] of recipients.entries())
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw keyError(`recipient ${i + 1} has a wrong letter`, cause);
    }
  const file = await wrapOrRefuse(() => encrypter.encrypt(new Uint8Array(0)));
  const bytes = file.slice(0, file.length - EMPTY_PAYLOAD);
  // Proves that the library took the key: another version might copy it before.
  if (!isMacRight(bytes, used)) refuse('WEIGHTS_KEY', 'a header was made with another key than was given');
  return { bytes, fileKey: used };
}

/** A recipient whose letters are right may still be no point of its curve. */
async function wrapOrRefuse(wrap: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await wrap();
  } catch (cause) {
    throw keyError('nothing can be encrypted to one of the recipients', cause);
  }
}

/** HMAC-SHA256 under HKDF-SHA256(file key, "header") of all up to the three dashes. */
function isMacRight(header: Uint8Array, fileKey: Uint8Array): boolean {
  const end = header.length - MAC_LINE_BYTES + MAC_LINE.length - 1;
  const key = new Uint8Array(hkdfSync('sha256', fileKey, '', 'header', 32));
  const mac = createHmac('sha256', key).update(header.subarray(0, end)).digest();
  const found = Buffer.from(
    Buffer.from(header.subarray(end + 1))
      .toString('latin1')
      .trimEnd(),
    'base64',
  );
  return found.length === mac.length && timingSafeEqual(found, mac);
}

/**
 * The header that a source begins with: up to the line break after the MAC.
 *
 * @throws PhalanxError `WEIGHTS_SEAL` where there is none, `WEIGHTS_LIMIT` above 256 KiB or 256 stanzas
 */
export async function readHeader(source: ByteSource): Promise<Uint8Array> {
  for (const most of READS) {
    const head = await source.read(0, Math.min(most, source.sizeBytes));
    const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
    if (!bytes.subarray(0, VERSION.length).equals(VERSION))
      return refuse('WEIGHTS_SEAL', `${source.name} is no age file of version 1`);
    const mac = bytes.indexOf(MAC_LINE, VERSION.length - 1, 'latin1');
    const end = mac < 0 ? -1 : bytes.indexOf('\n', mac + 1, 'latin1');
    if (end >= 0) {
      requireFewStanzas(bytes.subarray(0, end));
      return head.slice(0, end + 1);
    }
    if (head.length === source.sizeBytes) return refuse('WEIGHTS_SEAL', `${source.name} ends in its header`);
  }
  return refuse('WEIGHTS_LIMIT', `a header of more than ${MAX_HEADER_BYTES} bytes`);
}

const VERSION = Buffer.from('age-encryption.org/v1\n', 'latin1');

function requireFewStanzas(header: Buffer): void {
  let stanzas = 0;
  for (let at = header.indexOf('\n-> '); at >= 0; at = header.indexOf('\n-> ', at + 1)) stanzas++;
  if (stanzas > MAX_STANZAS) refuse('WEIGHTS_LIMIT', `${stanzas} recipients in a header`);
}

/**
 * The file key that a header wraps for one of these identities.
 *
 * @param header as `readHeader` gives it
 * @throws PhalanxError `WEIGHTS_SEAL` when it is malformed, altered or for others; `WEIGHTS_KEY`
 */
export async function openHeader(header: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  if (identities.length === 0) throw keyError('no identity');
  const decrypter = new Decrypter();
  for (const identity of identities) {
    requireIdentity(identity);
    try {
      decrypter.addIdentity(identity);
    } catch {
      // Without the cause: it may quote the secret.
      throw keyError('an identity has a wrong letter');
    }
  }
  try {
    return await decrypter.decryptHeader(header);
  } catch (cause) {
    throw new PhalanxError<WeightsErrorCode>(
      'WEIGHTS_SEAL',
      'the file is not for this identity, or its header was altered',
      { cause, advice: 'Ask for which recipient it was sealed, and for the file again.' },
    );
  }
}
