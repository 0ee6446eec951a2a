import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson, type Json, LAST_MS, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse, requireFormat } from '../weights-error.js';
import { kindOfRecipient } from './age-key.js';
import { MAX_KEYS_PER_HOUR, MAX_SEGMENTS, type PacedContainer } from './paced-container.js';

const Digest = z.string().regex(/^[0-9a-f]{64}$/);
const Words = z.string().min(1).max(4096);
const Instant = z.int().min(0).max(LAST_MS);
const Segment = z
  .int()
  .min(0)
  .max(MAX_SEGMENTS - 1);

/** docs/spec/sealed-weights.md, section 4. */
export const Lease = z.strictObject({
  schema: z.literal('phalanx.lease.v1'),
  /** 16 random bytes: two leases are never the same, so that approvals of one say nothing about another. */
  leaseId: z.string().regex(/^[0-9a-f]{32}$/),
  artifactSha256: Digest,
  recipient: z.string().max(2048),
  /** First and last of each run, ascending and apart. */
  segments: z.union([
    z.literal('all'),
    z
      .array(z.tuple([Segment, Segment]))
      .min(1)
      .max(1000),
  ]),
  keysPerHour: z.int().min(1).max(MAX_KEYS_PER_HOUR),
  notBeforeMs: Instant,
  notAfterMs: Instant,
  purpose: Words,
});
/** Who may have which segments of what, how fast, until when and for what. */
export type Lease = z.infer<typeof Lease>;

/** docs/spec/sealed-weights.md, section 5. */
export const Withdrawal = z.strictObject({
  schema: z.literal('phalanx.lease-withdrawal.v1'),
  leaseSha256: Digest,
  artifactSha256: Digest,
  reason: Words,
});
/** That a lease is over before its time. */
export type Withdrawal = z.infer<typeof Withdrawal>;

/** What `makeLease` needs to know; times in milliseconds since 1970. */
export type LeaseTerms = Omit<Lease, 'schema' | 'leaseId' | 'artifactSha256'>;

/**
 * A lease of a container, which nobody has approved yet.
 *
 * @throws PhalanxError `WEIGHTS_LEASE` for terms that the container cannot meet, `WEIGHTS_FORMAT`, `WEIGHTS_KEY`
 */
export function makeLease(container: PacedContainer, terms: LeaseTerms): Lease {
  const lease = checkLease({
    ...terms,
    schema: 'phalanx.lease.v1',
    leaseId: toHex(randomBytes(16)),
    artifactSha256: container.artifactSha256,
  });
  requireFits(lease, container);
  return lease;
}

/** @throws PhalanxError `WEIGHTS_FORMAT` for anything but a lease, `WEIGHTS_KEY` */
export function checkLease(value: unknown): Lease {
  const parsed = Lease.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refuse(
      'WEIGHTS_FORMAT',
      `not a lease: ${issue?.path.join('.') || 'its members'} ${issue?.message ?? ''}`.slice(0, 200),
    );
  }
  const { segments, notBeforeMs, notAfterMs, recipient } = parsed.data;
  kindOfRecipient(recipient);
  requireFormat(notBeforeMs < notAfterMs, 'not a lease: it ends before it begins');
  if (segments !== 'all') {
    let before = -1;
    for (const [first, last] of segments) {
      requireFormat(first > before && first <= last, 'not a lease: runs of segments must ascend');
      before = last;
    }
  }
  return parsed.data;
}

/** @throws PhalanxError `WEIGHTS_LEASE` when the lease is for another container, or for segments that it does not have */
export function requireFits({ artifactSha256, segments }: Lease, container: PacedContainer): void {
  if (artifactSha256 !== container.artifactSha256)
    refuse('WEIGHTS_LEASE', 'the lease is for another container');
  const count = container.manifest.segments.length;
  if (segments !== 'all' && segments.at(-1)![1] >= count)
    refuse('WEIGHTS_LEASE', `the lease names segments that are not there; there are ${count}`);
}

/** Whether a lease is for a segment. */
export function isLeased({ segments }: Lease, segment: number): boolean {
  return segments === 'all' || segments.some(([first, last]) => first <= segment && segment <= last);
}

/** The bytes that approvers sign, and whose SHA-256 names a lease or withdrawal: RFC 8785 JSON. */
export function formatTerms(terms: Lease | Withdrawal): Uint8Array {
  return utf8(canonicalJson(terms as unknown as Json));
}

/** SHA-256 of the bytes that approvers sign, hex. */
export function digestTerms(terms: Lease | Withdrawal): string {
  return toHex(createHash('sha256').update(formatTerms(terms)).digest());
}
