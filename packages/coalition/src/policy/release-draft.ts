import { canonicalJson, type Json, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import type { StixObject } from '../stix/stix-object.js';

/** Objects that one lab would tell others, before anybody has looked at them. */
export interface ReleaseDraft {
  /** `identity--` id of the lab: the maker of all objects. */
  readonly author: string;
  /** `identity--` ids of everybody who would receive it, each listed. */
  readonly recipients: readonly string[];
  readonly objects: readonly StixObject[];
}

/** The only purpose for which anything is shared. */
export const RELEASE_PURPOSE = 'model-theft-defence';

export const RELEASE_LIMITS = {
  /** As many as a statement of the log can name. */
  objects: 500,
  recipients: 100,
  /** Of the envelope. */
  bytes: 1024 * 1024,
} as const;

/**
 * The exact bytes that leave and that approvals are about: a TAXII 2.1 envelope (section 3.7) in canonical form (RFC 8785), UTF-8, to be
 * posted with `application/taxii+json;version=2.1`.
 *
 * @throws PhalanxError `COALITION_LIMIT` beyond `RELEASE_LIMITS`; `CANONICAL_JSON_VALUE`
 */
export function encodeEnvelope(objects: readonly StixObject[]): Uint8Array {
  if (objects.length > RELEASE_LIMITS.objects)
    refuse(
      'COALITION_LIMIT',
      `${objects.length} objects in one release`,
      `release at most ${RELEASE_LIMITS.objects} at a time`,
    );
  const bytes = utf8(canonicalJson({ objects: objects as readonly Json[] }));
  if (bytes.length > RELEASE_LIMITS.bytes)
    refuse('COALITION_LIMIT', `a release of ${bytes.length} bytes`, 'release less at a time');
  return bytes;
}
