/** Tables of `migrations/020-members.ts`, `021-nonces.ts` and `022-groups.ts`. */
export interface MemberTables {
  members: {
    id: string;
    identity: string;
    clearance: string;
    roles: readonly string[];
    suspended_at_ms: number | null;
  };
  member_keys: ValidityColumns & {
    kid: string;
    /** JSON text going in, parsed coming out. */
    jwk: unknown;
  };
  member_certificates: ValidityColumns & { thumbprint: string };
  member_certificate_names: { uri: string; member_id: string };
  member_passwords: { member_id: string; stored: string };
  nonces: { digest: Uint8Array; until_ms: number };
  member_groups: { id: string; name: string; visibility: string; epoch_days: number };
  group_members: { member_id: string; group_id: string };
  pseudonyms: {
    group_id: string;
    epoch: number;
    member_id: string;
    identity: string;
    kid: string;
    /** JSON text going in, parsed coming out. */
    jwk: unknown;
    certificate: string;
  };
}

interface ValidityColumns {
  member_id: string;
  from_ms: number;
  until_ms: number;
  revoked_at_ms: number | null;
}
