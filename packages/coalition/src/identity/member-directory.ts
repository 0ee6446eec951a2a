import { DAY_MS } from '@phalanx/core';
import type { PublicJwk } from './client-key.js';
import type { Member } from './member.js';

/** How long a key or a certificate of a member counts after it was registered. */
export const KEY_LIFETIME_MS = 400 * DAY_MS;

/** From when until when something of a member counts. */
export interface Validity {
  readonly fromMs: number;
  /** First millisecond at which it does not count any more. */
  readonly untilMs: number;
  /** Since when it counts no more, whatever `untilMs` says; null while it was not revoked. */
  readonly revokedAtMs: number | null;
}

/** A public key of a member: for signed requests and assertions. */
export interface MemberKey extends Validity {
  /** Thumbprint of `jwk`. A key belongs to one member for ever, so that a `kid` never changes hands. */
  readonly kid: string;
  readonly memberId: string;
  readonly jwk: PublicJwk;
}

/** A certificate that is pinned to a member by the SHA-256 of its DER form. */
export interface MemberCertificate extends Validity {
  /** 43 characters of base64url (RFC 8705 section 3.1, `x5t#S256`). */
  readonly thumbprint: string;
  readonly memberId: string;
}

/** What a hub looks up about who asks. Each answer is of now: what was suspended or revoked must show at the next call. */
export interface MemberDirectory {
  findMember(memberId: string): Promise<Member | null>;
  findKey(kid: string): Promise<MemberKey | null>;
  findCertificate(thumbprint: string): Promise<MemberCertificate | null>;
  /** Whose certificates carry this URI as a subject alternative name, when the coalition's authority has issued them. */
  findCertificateName(uri: string): Promise<Member | null>;
  /** The stored form that `hashPassword` made; null for who has none. */
  findPassword(memberId: string): Promise<string | null>;
}

/** What a member is known by. */
export interface MemberCredentials {
  readonly keys: readonly MemberKey[];
  readonly certificates: readonly MemberCertificate[];
  /** URIs in certificates of the coalition's authority. */
  readonly certificateNames: readonly string[];
}

/** A directory that can be changed. What is given is already decided; see `membership-act.ts` for who may decide it. */
export interface MemberRegistry extends MemberDirectory {
  /** Adds a member, or replaces what is known of one. */
  putMember(member: Member): Promise<void>;
  /** Adds a member with all that it is known by, or nothing. @throws PhalanxError when something of it is another member's */
  admit(member: Member, credentials: MemberCredentials): Promise<void>;
  /** @throws PhalanxError when the key is another member's */
  addKey(key: MemberKey): Promise<void>;
  /** Ends a key, at `atMs` or, if that is sooner, when it ends anyway. False when there is none of this member. */
  endKey(memberId: string, kid: string, atMs: number): Promise<boolean>;
  revokeKey(memberId: string, kid: string, atMs: number): Promise<boolean>;
  listKeys(memberId: string): Promise<readonly MemberKey[]>;
  /** @throws PhalanxError when the certificate is another member's */
  addCertificate(certificate: MemberCertificate): Promise<void>;
  revokeCertificate(memberId: string, thumbprint: string, atMs: number): Promise<boolean>;
  addCertificateName(memberId: string, uri: string): Promise<void>;
  /** Null takes the password away. */
  setPassword(memberId: string, stored: string | null): Promise<void>;
}

/** Whether something counts at a time. */
export function isValidAt({ fromMs, untilMs, revokedAtMs }: Validity, atMs: number): boolean {
  return fromMs <= atMs && atMs < untilMs && (revokedAtMs === null || atMs < revokedAtMs);
}

/** Whether a member may do anything. */
export function isActive(member: Member | null): member is Member {
  return member !== null && member.suspendedAtMs === null;
}
