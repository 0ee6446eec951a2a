import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { concatBytes, utf8 } from '@phalanx/core';

/** A message to the holder of one key: an ephemeral public key of 32 bytes, and ciphertext with its tag. */
export interface HpkeMessage {
  readonly enc: Uint8Array;
  readonly box: Uint8Array;
}

interface Aead {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm';
  /** RFC 9180 section 7.3. */
  readonly id: number;
  readonly keyBytes: number;
}

export const AES_128_GCM: Aead = { name: 'aes-128-gcm', id: 1, keyBytes: 16 };
const AES_256_GCM: Aead = { name: 'aes-256-gcm', id: 2, keyBytes: 32 };
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEM_SUITE = concatBytes([utf8('KEM'), numberBytes(0x20)]);

/**
 * Encrypts to an X25519 key: HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one message.
 *
 * @throws what `node:crypto` throws for a key of small order
 */
export function sealTo(
  recipient: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  plain: Uint8Array,
): HpkeMessage {
  const ephemeral = generateKeyPairSync('x25519');
  const enc = rawPublicKey(ephemeral.publicKey);
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: x25519PublicKey(recipient) });
  const { key, nonce } = scheduleKey(sharedSecret(shared, enc, recipient), info, AES_256_GCM);
  const cipher = createCipheriv(AES_256_GCM.name, key, nonce).setAAD(aad);
  return { enc, box: concatBytes([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
}

/** Decrypts; null when it is not for this key, info or aad, or was changed. */
export function openFrom(
  recipient: KeyObject,
  info: Uint8Array,
  aad: Uint8Array,
  { enc, box }: HpkeMessage,
  aead: Aead = AES_256_GCM,
): Uint8Array | null {
  if (enc.length !== KEY_BYTES || box.length < TAG_BYTES) return null;
  try {
    const shared = diffieHellman({ privateKey: recipient, publicKey: x25519PublicKey(enc) });
    const own = rawPublicKey(createPublicKey(recipient));
    const { key, nonce } = scheduleKey(sharedSecret(shared, enc, own), info, aead);
    const decipher = createDecipheriv(aead.name, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(aad).setAuthTag(box.subarray(box.length - TAG_BYTES));
    return concatBytes([decipher.update(box.subarray(0, box.length - TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}

/** The 32 bytes of an X25519 or Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES));
}

function x25519PublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([X25519_SPKI, raw]), format: 'der', type: 'spki' });
}

/** Section 4.1: ExtractAndExpand of DHKEM. */
function sharedSecret(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Uint8Array {
  const prk = extract(KEM_SUITE, new Uint8Array(), 'eae_prk', dh);
  return expand(KEM_SUITE, prk, 'shared_secret', concatBytes([enc, recipient]), 32);
}

/** Section 5.1, mode 0. */
function scheduleKey(secret: Uint8Array, info: Uint8Array, { id, keyBytes }: Aead) {
  const none = new Uint8Array();
  const suite = concatBytes([utf8('HPKE'), numberBytes(0x20), numberBytes(1), numberBytes(id)]);
  const context = concatBytes([
    Uint8Array.of(0),
    extract(suite, none, 'psk_id_hash', none),
    extract(suite, none, 'info_hash', info),
  ]);
  const prk = extract(suite, secret, 'secret', none);
  return {
    key: expand(suite, prk, 'key', context, keyBytes),
    nonce: expand(suite, prk, 'base_nonce', context, NONCE_BYTES),
  };
}

function extract(suite: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array): Uint8Array {
  const text = concatBytes([utf8('HPKE-v1'), suite, utf8(label), input]);
  return new Uint8Array(createHmac('sha256', salt).update(text).digest());
}

/** At most 32 bytes, so one block of HKDF-Expand. */
function expand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  bytes: number,
): Uint8Array {
  const text = concatBytes([numberBytes(bytes), utf8('HPKE-v1'), suite, utf8(label), info, Uint8Array.of(1)]);
  return new Uint8Array(createHmac('sha256', prk).update(text).digest().subarray(0, bytes));
}

function numberBytes(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
