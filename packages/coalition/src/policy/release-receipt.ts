import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson, type Json, toHex, utf8 } from '@phalanx/core';
import type { StixObject } from '../stix/stix-object.js';
import type { Decision } from './decide-release.js';
import type { ReleaseDraft } from './release-draft.js';

/** A statement of kind `indicator-release` (docs/spec/record-leaf.md), as the log takes it. */
export interface ReleaseStatement {
  readonly kind: 'indicator-release';
  readonly version: 1;
  readonly atMs: number;
  readonly by: string;
  readonly releaseId: string;
  readonly sequence: number;
  readonly decision: Decision['verdict'];
  readonly reasons: readonly string[];
  readonly categories: readonly string[];
  readonly recipients: readonly string[];
  readonly envelopeSha256: string;
  readonly objects: readonly string[];
  readonly policySha256: string;
  readonly legalBasisSha256?: string;
  readonly approvals: readonly string[];
}

/** A statement of kind `indicator-receipt`. */
export interface ReceiptStatement {
  readonly kind: 'indicator-receipt';
  readonly version: 1;
  readonly atMs: number;
  readonly by: string;
  readonly role: 'hub' | 'recipient';
  readonly from: string;
  readonly releaseId?: string;
  readonly objects: readonly string[];
  readonly policySha256?: string;
}

/** What opens the digests of a receipt: kept by who wrote it, never logged. */
export interface ReceiptOpening {
  readonly releaseId: string;
  /** 16 bytes each, hexadecimal. */
  readonly envelopeSalt: string;
  readonly objects: readonly { readonly id: string; readonly salt: string }[];
}

/** Header in which a sender names the release to a hub, so that receipts at both ends can be laid side by side. */
export const RELEASE_HEADER = 'phalanx-release';

const SALT_BYTES = 16;

/** SHA-256 of salt and bytes, hexadecimal. With a random salt of 16 bytes nobody confirms a guess of the bytes by it. */
export function digestSalted(salt: Uint8Array, bytes: Uint8Array): string {
  return createHash('sha256').update(salt).update(bytes).digest('hex');
}

/** The receipt of a decision, and what opens it. Reasons are codes alone: what was found stays at home. */
export function makeReleaseReceipt(
  draft: ReleaseDraft,
  decision: Decision,
  { atMs, by, sequence }: { readonly atMs: number; readonly by: string; readonly sequence: number },
): { readonly statement: ReleaseStatement; readonly opening: ReceiptOpening } {
  const releaseId = toHex(randomBytes(16));
  const envelopeSalt = randomBytes(SALT_BYTES);
  const salted = saltObjects(decision.envelope === null ? [] : draft.objects);
  return {
    statement: {
      kind: 'indicator-release',
      version: 1,
      atMs,
      by,
      releaseId,
      sequence,
      decision: decision.verdict,
      reasons: [...new Set(decision.reasons.map(({ code }) => code))].sort(),
      categories: decision.categories,
      recipients: draft.recipients.slice(0, 100),
      envelopeSha256: digestSalted(envelopeSalt, decision.envelope ?? new Uint8Array()),
      objects: salted.digests,
      policySha256: decision.policySha256,
      ...(decision.legalBasisSha256 === null ? {} : { legalBasisSha256: decision.legalBasisSha256 }),
      // An approval names the envelope, which could be guessed: it is salted too.
      approvals: decision.approvals.map((sha256) => digestSalted(envelopeSalt, utf8(sha256))),
    },
    opening: { releaseId, envelopeSalt: toHex(envelopeSalt), objects: salted.openings },
  };
}

/**
 * The receipt of what came in, at a hub or a recipient.
 *
 * @param releaseId as the sender named it; null where it did not, or not as 32 hexadecimal digits
 */
export function makeReceipt(
  objects: readonly StixObject[],
  about: {
    readonly atMs: number;
    readonly by: string;
    readonly role: 'hub' | 'recipient';
    readonly from: string;
    readonly releaseId: string | null;
    readonly policySha256: string | null;
  },
): { readonly statement: ReceiptStatement; readonly objects: ReceiptOpening['objects'] } {
  const salted = saltObjects(objects);
  const { atMs, by, role, from, releaseId, policySha256 } = about;
  return {
    statement: {
      kind: 'indicator-receipt',
      version: 1,
      atMs,
      by,
      role,
      from,
      ...(releaseId !== null && /^[0-9a-f]{32}$/.test(releaseId) ? { releaseId } : {}),
      objects: salted.digests,
      ...(policySha256 === null ? {} : { policySha256 }),
    },
    objects: salted.openings,
  };
}

/** Digests in an order that says nothing: sorted. */
function saltObjects(objects: readonly StixObject[]) {
  const salted = objects.map((object) => {
    const salt = randomBytes(SALT_BYTES);
    return {
      id: object.id,
      salt: toHex(salt),
      digest: digestSalted(salt, utf8(canonicalJson(object as Json))),
    };
  });
  salted.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return {
    digests: salted.map(({ digest }) => digest),
    openings: salted.map(({ id, salt }) => ({ id, salt })),
  };
}
