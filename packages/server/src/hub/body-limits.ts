import { MAX_EVALUATION_TEXT, MAX_REVEAL_TEXT, MAX_SIGHTING_TEXT } from '@phalanx/coalition/matching';
import { TAXII_LIMITS } from '@phalanx/coalition/taxii';
import { MAX_OVERLAP_TEXT } from '../matching/overlap-routes.js';

/** What all bodies may hold of memory together. */
export const MAX_HELD_BYTES = 256 * 1_048_576;
/** Of a declaration: 262,144 tags, above which there are no more evaluations. */
const MAX_DECLARATION_BYTES = 12 * 1_048_576;
const MAX_OTHER_BYTES = 1_048_576;

/** Bytes of a body by path, before it is known who asks. */
export function limitBody(path: string): number {
  if (!path.startsWith('/coalition/')) return path.startsWith('/oauth2/') ? 65_536 : TAXII_LIMITS.bodyBytes;
  if (path === '/coalition/v1/matching/submissions') return MAX_REVEAL_TEXT;
  if (path === '/coalition/v1/matching/sightings') return MAX_SIGHTING_TEXT;
  if (path === '/coalition/v1/evaluations') return MAX_EVALUATION_TEXT;
  if (path === '/coalition/v1/declaration') return MAX_DECLARATION_BYTES;
  if (path.startsWith('/coalition/v1/overlaps/')) return MAX_OVERLAP_TEXT + 4096;
  return MAX_OTHER_BYTES;
}
