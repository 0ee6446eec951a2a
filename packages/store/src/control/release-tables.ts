/** Tables of `migrations/030-releases.ts`. */
export interface ReleaseTables {
  releases: {
    sequence: number;
    release_id: string;
    /** JSON text: what was logged must come out as it went in. */
    statement: string;
    /** Null once its time is over. */
    opening: string | null;
    reasons: string;
    envelope: Uint8Array | null;
    retain_until_ms: number;
    is_logged: boolean;
  };
  standing_uses: { day: string; approval_sha256: string; used: number };
  received_terms: { object_id: string; digest: string; purpose: string; retain_until_ms: number };
}
