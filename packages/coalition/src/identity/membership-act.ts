import { createHash } from 'node:crypto';
import { type Clock, canonicalJson, DAY_MS, type Json, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { TLP_LEVELS } from '../stix/marking/tlp.js';
import { type PublicJwk, readPublicJwk, thumbprintOf } from './client-key.js';
import { type CosignedStatement, readCosigned } from './cosigned-statement.js';
import { deny } from './denial.js';
import { MEMBER_ROLES, type Member } from './member.js';
import { isActive, isValidAt, KEY_LIFETIME_MS, type MemberRegistry } from './member-directory.js';
import type { NonceStore } from './nonce-store.js';

/** `typ` of signatures of operators over an act. */
export const MEMBERSHIP_ACT_TYPE = 'phalanx-membership+jws';

/** How long operators may take to sign an act. */
const ACT_WINDOW_MS = 7 * DAY_MS;

const memberId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);
const hub = z.string().max(256);
const atMs = z.int().nonnegative();
const described = {
  hub,
  atMs,
  memberId,
  identity: z.string().regex(/^identity--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  clearance: z.enum(TLP_LEVELS),
  roles: z.array(z.enum(MEMBER_ROLES)).max(MEMBER_ROLES.length),
};

const schema = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('admit'),
    ...described,
    keys: z.array(z.unknown()).max(8),
    /** Thumbprints of certificates, and URIs of those that the coalition's authority issues. */
    certificates: z.array(z.string().regex(/^[A-Za-z0-9_-]{43}$/)).max(8),
    certificateNames: z.array(z.string().regex(/^[\x21-\x7e]{1,256}$/)).max(8),
  }),
  z.strictObject({ act: z.literal('change'), ...described }),
  z.strictObject({ act: z.literal('suspend'), hub, atMs, memberId }),
  z.strictObject({ act: z.literal('reinstate'), hub, atMs, memberId }),
]);

/**
 * What operators decide about a member: `admit` with keys and certificates, `change` of roles and clearance, `suspend`, `reinstate`. For
 * one hub, at a time, once.
 */
export type MembershipAct = z.infer<typeof schema>;

/** What is needed to carry an act out. */
export interface MembershipSettings {
  readonly issuer: string;
  readonly members: MemberRegistry;
  readonly nonces: NonceStore;
  readonly clock: Clock;
  /** Logs what was decided before it counts: the act, its signers, the digest of the signed statement. */
  readonly record: (statement: Json) => Promise<void>;
}

/**
 * Carries out an act that operators have signed: two of them, each another member and neither the one whom it is about. To suspend, one is
 * enough, since waiting for the second would help the wrong side.
 *
 * @throws PhalanxError `COALITION_IDENTITY` when it is malformed, for another hub, too old, done already, or not signed by enough operators
 */
export async function carryOutAct(
  signed: CosignedStatement,
  { issuer, members, nonces, clock, record }: MembershipSettings,
): Promise<MembershipAct> {
  const nowMs = clock.nowMs();
  const operators = new Set<string>();
  const { statement } = await readCosigned(MEMBERSHIP_ACT_TYPE, signed, async (kid) => {
    const key = await members.findKey(kid);
    if (key === null || !isValidAt(key, nowMs)) return null;
    const operator = await members.findMember(key.memberId);
    if (!isActive(operator) || !operator.roles.includes('operator')) return null;
    operators.add(operator.id);
    return key.jwk;
  });
  const parsed = schema.safeParse(statement);
  if (!parsed.success) return deny('an act that is malformed');
  const act = parsed.data;
  operators.delete(act.memberId);
  if (operators.size < (act.act === 'suspend' ? 1 : 2))
    return deny('an act that too few operators have signed');
  if (act.hub !== issuer) return deny('an act at another hub');
  if (act.atMs > nowMs || nowMs >= act.atMs + ACT_WINDOW_MS) return deny('an act of another time');
  const known = await members.findMember(act.memberId);
  if ((known === null) !== (act.act === 'admit'))
    return deny('an act about nobody, or about somebody already admitted');
  const keys = act.act === 'admit' ? act.keys.map(readPublicJwk) : [];
  const digest = createHash('sha256')
    .update(utf8(canonicalJson(statement)))
    .digest('hex');
  if (!(await nonces.use('membership', digest, act.atMs + ACT_WINDOW_MS)))
    return deny('an act that was done already');
  await record({ type: 'phalanx-membership-v1', act: statement, operators: [...operators].sort(), digest });
  await apply(act, known, keys, members, nowMs);
  return act;
}

async function apply(
  act: MembershipAct,
  known: Member | null,
  keys: readonly PublicJwk[],
  members: MemberRegistry,
  nowMs: number,
): Promise<void> {
  if (act.act === 'suspend' || act.act === 'reinstate') {
    await members.putMember({ ...known!, suspendedAtMs: act.act === 'suspend' ? nowMs : null });
    return;
  }
  const { memberId: id, identity, clearance, roles } = act;
  const member = { id, identity, clearance, roles, suspendedAtMs: known?.suspendedAtMs ?? null };
  if (act.act === 'change') return members.putMember(member);
  const validity = { memberId: id, fromMs: nowMs, untilMs: nowMs + KEY_LIFETIME_MS, revokedAtMs: null };
  await members.admit(member, {
    keys: await Promise.all(keys.map(async (jwk) => ({ ...validity, kid: await thumbprintOf(jwk), jwk }))),
    certificates: act.certificates.map((thumbprint) => ({ ...validity, thumbprint })),
    certificateNames: act.certificateNames,
  });
}
