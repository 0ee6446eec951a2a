import type { Generated } from 'kysely';

/** Tables of `migrations/040-trust.ts`. */
export interface TrustTables {
  trust_indicators: {
    id: string;
    member: string;
    /** JSON text: what was signed must come out as it went in. */
    object: string;
    state: string;
    reason: string;
    taken_ms: number;
    seen_ms: number;
    report: string | null;
    decision: string | null;
  };
  trust_transitions: {
    number: Generated<number>;
    indicator_id: string;
    at_ms: number;
    from_state: string | null;
    to_state: string;
    reason: string;
    by_person: string | null;
  };
  trust_claims: {
    object_id: string;
    trace_key: string;
    member: string;
    at_ms: number;
    evidence_digest: string | null;
  };
  trust_absences: { trace_key: string; member: string; at_ms: number };
  trust_opinions: {
    indicator_id: string;
    member: string;
    case_id: string;
    is_against: boolean;
    at_ms: number;
  };
  trust_outcomes: {
    member: string;
    kind: string;
    subject: string;
    was_right: boolean;
    weight: number;
    at_ms: number;
  };
  trust_canaries: { trace_key: string; shown_by: string };
  trust_barred: { member: string; trace_key: string; at_ms: number };
  trust_overrides: { indicator_id: string; counsel: string; expires_ms: number; body: string };
  trust_places: { feed: string; seq: number };
  retractions: {
    seq: number;
    object_id: string;
    digest: string;
    member: string;
    at_ms: number;
    object: string;
  };
  retraction_acknowledgements: { member: string; seq: number; at_ms: number };
}
