import type { Generated } from 'kysely';

/** Tables of `migrations/050-matching.ts`. */
export interface MatchingTables {
  matching_places: { lab: string; place: number };
  matching_quotas: {
    epoch: number;
    lab: string;
    first: number;
    changes: number;
    used: number;
    /** JSON text going in, parsed coming out. */
    runs: unknown;
    declaration: Uint8Array;
  };
  matching_batches: {
    number: Generated<number>;
    epoch: number;
    kind: BatchKind;
    lab: string;
    digest: Uint8Array;
    nonce: Uint8Array;
    box: Uint8Array;
  };
  key_ceremonies: {
    epoch: number;
    attempt: number;
    step: string;
    closes_ms: number | null;
    restarts: unknown;
  };
  key_envelopes: {
    epoch: number;
    attempt: number;
    step: string;
    sender: number;
    recipient: number;
    text: string;
  };
  overlap_grants: { lab: string; peer: string; until_ms: number; text: string };
  overlap_runs: { run: string; epoch: number; lab: string; peer: string };
  overlap_messages: { run: string; sender: string; step: string; text: string };
}

/** What a lab gives in an epoch: tokens of level 1, sealed sightings of level 2. */
export type BatchKind = 'tokens' | 'submissions';
