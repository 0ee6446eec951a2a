import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { canonicalJson, toHex, utf8 } from '@phalanx/core';
import { PRF_KEY_BYTES } from './prf/siphash.js';
import { demand } from './watermark-error.js';

/** Version of the schedule, as profiles name it. */
export const KEY_SCHEDULE = 'phalanx-mark-keys-v1';

const MASTER_BYTES = 32;
const MAX_NAME = 256;

/** What a mark key is for; each combination has a key of its own. */
export interface KeyScope {
  /** Who receives the outputs: a tenant, an account, or `*` for one key for everybody. */
  readonly tenant: string;
  readonly model: string;
  /** Stretch of time after which keys change, as the operator writes it: `2026-11`. */
  readonly epoch: string;
}

/**
 * The key of a scope: HKDF-SHA-256 (RFC 5869) of the master secret, empty salt, info the canonical JSON of
 * `["phalanx-mark-keys-v1", tenant, model, epoch]`, 16 bytes. Who has a key of one scope learns nothing of another.
 * Vectors: `docs/spec/vectors/mark-profile.json`.
 *
 * @throws PhalanxError `MARK_KEY` unless the master secret has 32 bytes, `MARK_ARGUMENT` for a name that is empty or over 256 characters
 */
export function deriveMarkKey(master: Uint8Array, { tenant, model, epoch }: KeyScope): Uint8Array {
  checkMaster(master);
  for (const [what, name] of Object.entries({ tenant, model, epoch }))
    demand(
      name.length > 0 && name.length <= MAX_NAME,
      'MARK_ARGUMENT',
      `${what} must have 1 to ${MAX_NAME} characters`,
      'Use an id.',
    );
  const info = utf8(canonicalJson([KEY_SCHEDULE, tenant, model, epoch]));
  return new Uint8Array(hkdfSync('sha256', master, new Uint8Array(0), info, PRF_KEY_BYTES));
}

/**
 * Public name of a key of 16 random bytes: the first 16 bytes of SHA-256("phalanx-mark-key-id-v1" || 0 || key), hex. It says
 * whether two keys are one, and nothing of the key.
 *
 * @throws PhalanxError `MARK_KEY` for another length: the digest of a short key gives the key away to whoever tries them all
 */
export function markKeyId(key: Uint8Array): string {
  demand(
    key.length === PRF_KEY_BYTES,
    'MARK_KEY',
    'a key id is made of a key of 16 bytes',
    'For a short key use foreignKeyId.',
  );
  const digest = createHash('sha256').update('phalanx-mark-key-id-v1\0').update(key).digest();
  return toHex(digest.subarray(0, 16));
}

/**
 * Public name of another tool's key, which may be short: the first 16 bytes of HMAC-SHA-256 under a key derived from the
 * master secret, so that nobody finds the key by trying all.
 *
 * @throws PhalanxError `MARK_KEY` unless the master secret has 32 bytes
 */
export function foreignKeyId(master: Uint8Array, dialect: string, key: string): string {
  checkMaster(master);
  const secret = hkdfSync('sha256', master, new Uint8Array(0), 'phalanx-mark-foreign-key-id-v1', 32);
  const digest = createHmac('sha256', new Uint8Array(secret))
    .update(canonicalJson([dialect, key]))
    .digest();
  return toHex(digest.subarray(0, 16));
}

function checkMaster(master: Uint8Array): void {
  demand(
    master.length === MASTER_BYTES,
    'MARK_KEY',
    'a master secret has 32 bytes',
    'Draw it from a cryptographic generator.',
  );
}
