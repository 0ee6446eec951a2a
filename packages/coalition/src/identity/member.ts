import type { TlpLevel } from '../stix/marking/tlp.js';

/**
 * What a member may do besides reading and writing collections.
 *
 * - `lab`: sends indicators, matches privately, retracts, acknowledges.
 * - `key-server`: holds a share of the key of private matching.
 * - `regulator`: reads receipts and digests of policies, and nothing else.
 * - `operator`: runs the hub; admits members; reads no collection by that.
 * - `peer-hub`: another hub, which takes and gives collections for its own members.
 */
export const MEMBER_ROLES = ['lab', 'key-server', 'regulator', 'operator', 'peer-hub'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** Somebody who takes part, as a hub knows them. */
export interface Member {
  /** Short name at this hub: `[a-z0-9][a-z0-9-]{0,63}`. */
  readonly id: string;
  /** Id of the STIX identity under which it writes. */
  readonly identity: string;
  /** The most closed level that it may read. */
  readonly clearance: TlpLevel;
  readonly roles: readonly MemberRole[];
  /** Since when it may do nothing; null while it may. */
  readonly suspendedAtMs: number | null;
}

/** How a request was authenticated. */
export type AuthMethod = 'mtls' | 'access-token' | 'signature' | 'basic';

/** Who stands behind a request. */
export interface Caller {
  readonly member: Member;
  readonly method: AuthMethod;
  /** Whether the connection is encrypted, as IEP's `encrypt_in_transit` asks. */
  readonly encrypted: boolean;
}
