import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';

/** What a person of a lab does. The first two sign releases; `policies/use.cedar` says who may look at what came in. */
export const PERSON_ROLES = [
  'releaser',
  'counsel',
  'detection',
  'incident-response',
  'trust-and-safety',
  'appeals',
  'pricing',
  'sales',
  'marketing',
  'product-management',
  'procurement',
  'finance',
] as const;
export type PersonRole = (typeof PERSON_ROLES)[number];

/** Somebody of one's own lab. One key for each person, one person for each key. */
export interface Person {
  readonly id: string;
  readonly roles: readonly PersonRole[];
  readonly kid: string;
  /** Ed25519; null for those who sign nothing. */
  readonly publicKey: KeyObject | null;
}

const Entry = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.@_-]{0,127}$/),
  roles: z.array(z.enum(PERSON_ROLES)).min(1).max(PERSON_ROLES.length),
  kid: z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/),
  /** SPKI in PEM. */
  publicKey: z.string().max(1024).optional(),
});
const Register = z.strictObject({ schema: z.literal('phalanx.people.v1'), people: z.array(Entry).max(1000) });

/**
 * Reads the register of persons (`phalanx.people.v1`).
 *
 * @throws PhalanxError `COALITION_POLICY` for one that is malformed, a key that is not Ed25519, and a person, name of a key or key that
 *   comes twice: one who signs under two names would be two persons
 */
export function readPeople(value: unknown): Person[] {
  const parsed = Register.safeParse(value);
  if (!parsed.success)
    return refuse(
      'COALITION_POLICY',
      `no register of persons: ${parsed.error.issues[0]?.message ?? ''}`,
      'see docs/spec/sharing-policy.md',
    );
  const people = parsed.data.people.map(({ id, roles, kid, publicKey }) => ({
    id,
    roles,
    kid,
    publicKey: publicKey === undefined ? null : readKey(publicKey, id),
  }));
  const keys = people.flatMap(({ publicKey }) => (publicKey === null ? [] : [thumbprint(publicKey)]));
  for (const names of [people.map(({ id }) => id), people.map(({ kid }) => kid), keys])
    if (new Set(names).size < names.length)
      refuse('COALITION_POLICY', 'a person or a key comes twice in the register', 'give each person one key');
  return people;
}

function readKey(pem: string, id: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    return refuse('COALITION_POLICY', `the key of ${id} cannot be read`, 'give a public key in PEM', error);
  }
  return key.asymmetricKeyType === 'ed25519'
    ? key
    : refuse('COALITION_POLICY', `the key of ${id} is not Ed25519`, 'make one with phalanx ledger key');
}

function thumbprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}
