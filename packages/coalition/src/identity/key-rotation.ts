import { type Clock, DAY_MS, type Json } from '@phalanx/core';
import { z } from 'zod';
import { type ClientKey, readPublicJwk, thumbprintOf } from './client-key.js';
import {
  addSignature,
  type CosignedStatement,
  readCosigned,
  readStatement,
  sign,
} from './cosigned-statement.js';
import { deny } from './denial.js';
import {
  isActive,
  isValidAt,
  KEY_LIFETIME_MS,
  type MemberKey,
  type MemberRegistry,
} from './member-directory.js';

const TYPE = 'phalanx-key-rotation+jws';
/** How long the old key still counts: machines of a member change one after another. */
export const ROTATION_OVERLAP_MS = 7 * DAY_MS;
const WINDOW_MS = 10 * 60_000;
/** Keys of one member that count at the same time: the hub reads all of them for each envelope of objects, of whomever. */
const MOST_KEYS = 16;

const schema = z.strictObject({ hub: z.string(), memberId: z.string(), jwk: z.unknown(), atMs: z.int() });

/** Says that another key takes the place of one: signed by both, so that none is registered that its member does not have. */
export async function makeKeyRotation(
  memberId: string,
  issuer: string,
  old: ClientKey,
  next: ClientKey,
  clock: Clock,
): Promise<CosignedStatement> {
  const statement: Json = { hub: issuer, memberId, jwk: { ...next.publicJwk }, atMs: clock.nowMs() };
  return addSignature(TYPE, await sign(TYPE, statement, old), next);
}

/**
 * Puts a new key in the place of an old one, which ends after `ROTATION_OVERLAP_MS`.
 *
 * @returns the new key
 * @throws PhalanxError `COALITION_IDENTITY` when it is not signed by a valid key of an active member and the new one, for this hub, now
 */
export async function rotateKey(
  signed: CosignedStatement,
  {
    issuer,
    members,
    clock,
  }: { readonly issuer: string; readonly members: MemberRegistry; readonly clock: Clock },
): Promise<MemberKey> {
  const nowMs = clock.nowMs();
  const parsed = schema.safeParse(readStatement(signed));
  if (!parsed.success) return deny('a rotation that is malformed');
  const { hub, memberId, atMs } = parsed.data;
  const jwk = readPublicJwk(parsed.data.jwk);
  const kid = await thumbprintOf(jwk);
  let old: MemberKey | null = null;
  const { kids } = await readCosigned(TYPE, signed, async (signer) => {
    if (signer === kid) return jwk;
    old = await members.findKey(signer);
    return old !== null && old.memberId === memberId && isValidAt(old, nowMs) ? old.jwk : null;
  });
  if (old === null || kids.length !== 2)
    return deny('a rotation that the old and the new key have not signed both');
  if (hub !== issuer || Math.abs(nowMs - atMs) > WINDOW_MS) return deny('a rotation at another hub or time');
  if (!isActive(await members.findMember(memberId))) return deny('a member that may do nothing');
  const valid = (await members.listKeys(memberId)).filter((key) => isValidAt(key, nowMs));
  if (valid.length >= MOST_KEYS && !valid.some((key) => key.kid === kid))
    return deny('a rotation of a member with too many keys');
  const next = { kid, jwk, memberId, fromMs: nowMs, untilMs: nowMs + KEY_LIFETIME_MS, revokedAtMs: null };
  await members.addKey(next);
  await members.endKey(memberId, (old as MemberKey).kid, nowMs + ROTATION_OVERLAP_MS);
  return next;
}
