import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { TLP_LEVELS } from '../stix/marking/tlp.js';
import { AT_MS, IDENTITY, LegalBasis, SHA256_HEX } from './legal-basis.js';
import { RELEASE_CATEGORIES } from './release-category.js';
import { CLEARABLE } from './release-reason.js';
import { parseSigned, type SignedDocument } from './signed-document.js';

/** One person's word on the exact bytes of one release, to exactly these recipients. */
export const ReleaseApproval = z.strictObject({
  schema: z.literal('phalanx.release-approval.v1'),
  role: z.enum(['releaser', 'counsel']),
  /** SHA-256 of the envelope. */
  envelopeSha256: SHA256_HEX,
  recipients: z.array(IDENTITY).min(1).max(100),
  policySha256: SHA256_HEX,
  /** Codes of what is held that counsel has read and lets go. A releaser clears nothing. */
  clears: z.array(z.enum(CLEARABLE)).max(CLEARABLE.length),
  notBeforeMs: AT_MS,
  notAfterMs: AT_MS,
});
export type ReleaseApproval = z.infer<typeof ReleaseApproval>;

/** Counsel's word on one routine class: one category, exactly these recipients, up to a level, so many releases a day, until then. */
export const StandingApproval = z.strictObject({
  schema: z.literal('phalanx.standing-approval.v1'),
  // Attribution is never routine.
  category: z.enum(RELEASE_CATEGORIES).exclude(['attribution']),
  recipients: z.array(IDENTITY).min(1).max(100),
  maxTlp: z.enum(TLP_LEVELS),
  maxPerDay: z.int().min(1).max(100_000),
  /** Under these policies and no others: when they change, counsel looks again. */
  policySha256: SHA256_HEX,
  notBeforeMs: AT_MS,
  notAfterMs: AT_MS,
});
export type StandingApproval = z.infer<typeof StandingApproval>;

/** Counsel's word that a legal basis or an approval no longer counts. */
export const PolicyRevocation = z.strictObject({
  schema: z.literal('phalanx.policy-revocation.v1'),
  documentSha256: SHA256_HEX,
  atMs: AT_MS,
});
export type PolicyRevocation = z.infer<typeof PolicyRevocation>;

const Signable = z.discriminatedUnion('schema', [
  ReleaseApproval,
  StandingApproval,
  PolicyRevocation,
  LegalBasis,
]);

/**
 * A document that a person may sign, checked.
 *
 * @throws PhalanxError `COALITION_POLICY` for anything else
 */
export function requireSignable(value: unknown): z.infer<typeof Signable> {
  const parsed = Signable.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path = [], message = '' } = parsed.error.issues[0] ?? {};
  return refuse(
    'COALITION_POLICY',
    `nothing to sign: ${path.join('.')} ${message}`.slice(0, 200),
    'see docs/spec/sharing-policy.md',
  );
}

/** @throws PhalanxError `COALITION_POLICY`, `COALITION_LIMIT` */
export function parseApproval(bytes: Uint8Array): SignedDocument<ReleaseApproval | StandingApproval> {
  return parseSigned(bytes, z.discriminatedUnion('schema', [ReleaseApproval, StandingApproval]));
}

/** @throws PhalanxError `COALITION_POLICY`, `COALITION_LIMIT` */
export function parseRevocation(bytes: Uint8Array): SignedDocument<PolicyRevocation> {
  return parseSigned(bytes, PolicyRevocation);
}

/** Whether both name the same recipients, in any order. */
export function areSame(some: readonly string[], others: readonly string[]): boolean {
  const set = new Set(some);
  return set.size === new Set(others).size && others.every((one) => set.has(one));
}
