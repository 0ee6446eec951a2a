import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, DAY_MS, fromBase64, toBase64, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';

/** Longest time that counsel's word holds. */
export const MAX_OVERRIDE_DAYS = 14;

const bodySchema = z.strictObject({
  type: z.literal('phalanx-override-1'),
  /** Of one indicator, in one version. */
  indicator: z.string().regex(/^indicator--[0-9a-f-]{36}$/),
  /** `digestObject` of that version. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  reason: z.enum(['imminent-release', 'court-order', 'own-victim']),
  counsel: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  issuedAtMs: z.int().min(0),
  expiresAtMs: z.int().min(0),
});
const overrideSchema = z.strictObject({ body: bodySchema, signature: z.string().max(120) });

/** Counsel of one's own lab says that the number of labs does not matter for one indicator. Every other condition still must hold. */
export type CounselOverride = z.infer<typeof overrideSchema>;
export type OverrideBody = z.infer<typeof bodySchema>;

/** Signs with counsel's Ed25519 key: over the RFC 8785 form of the body after `phalanx-override-1` and a zero byte. */
export function signOverride(body: OverrideBody, privateKey: KeyObject): CounselOverride {
  return {
    body: bodySchema.parse(body),
    signature: toBase64(new Uint8Array(sign(null, encode(body), privateKey))),
  };
}

/**
 * Reads counsel's word.
 *
 * @param keys public Ed25519 keys of one's own counsel, by name
 * @throws PhalanxError `COALITION_TRUST` for another form, an unknown counsel, a signature of something else, and a time that is over, has not
 *   begun or is longer than `MAX_OVERRIDE_DAYS`
 */
export function readOverride(
  value: unknown,
  keys: ReadonlyMap<string, KeyObject>,
  atMs: number,
): OverrideBody {
  const parsed = overrideSchema.safeParse(value);
  if (!parsed.success) return fail('is none', parsed.error);
  const { body, signature } = parsed.data;
  const key = keys.get(body.counsel);
  if (key === undefined) return fail('is by somebody who is not counsel here');
  if (!isSignature(key, body, signature)) return fail('is not what counsel signed');
  if (body.expiresAtMs - body.issuedAtMs > MAX_OVERRIDE_DAYS * DAY_MS) return fail('holds for too long');
  if (atMs < body.issuedAtMs || atMs >= body.expiresAtMs) return fail('does not hold now');
  return body;
}

function isSignature(key: KeyObject, body: OverrideBody, signature: string): boolean {
  const pub = key.type === 'private' ? createPublicKey(key) : key;
  if (pub.asymmetricKeyType !== 'ed25519') return false;
  try {
    return verify(null, encode(body), pub, fromBase64(signature));
  } catch {
    return false;
  }
}

function encode(body: OverrideBody): Uint8Array {
  return utf8(`phalanx-override-1\0${canonicalJson(body)}`);
}

function fail(what: string, cause?: unknown): never {
  return refuse('COALITION_TRUST', `this override ${what}`, 'ask counsel for another', cause);
}
