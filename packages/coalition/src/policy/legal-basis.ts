import { z } from 'zod';
import { RELEASE_CATEGORIES } from './release-category.js';
import { parseSigned, type SignedDocument } from './signed-document.js';

export const IDENTITY = z
  .string()
  .regex(/^identity--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
export const SHA256_HEX = z.string().regex(/^[0-9a-f]{64}$/);
export const AT_MS = z.int().min(0).max(8_640_000_000_000_000);

/**
 * Why a lab may tell others: what counsel found, signed, and when it ends. The software knows no law; it knows whether there is such an
 * object, whether counsel signed it and whether it covers this release now.
 */
export const LegalBasis = z.strictObject({
  schema: z.literal('phalanx.legal-basis.v1'),
  /** Whose law: ISO 3166-1 codes, `EU`, or several with commas. */
  jurisdiction: z.string().regex(/^[A-Z]{2}(?:-[A-Z0-9]{1,3})?(?:,[A-Z]{2}(?:-[A-Z0-9]{1,3})?){0,31}$/),
  /** Statute, guideline or agreement, as counsel cites it. */
  authority: z.string().min(1).max(1000),
  categories: z.array(z.enum(RELEASE_CATEGORIES)).min(1).max(RELEASE_CATEGORIES.length),
  recipients: z.array(IDENTITY).min(1).max(1000),
  notBeforeMs: AT_MS,
  notAfterMs: AT_MS,
  /** When counsel must look again; from then on nothing leaves, even before `notAfterMs`. */
  reviewByMs: AT_MS,
  /** SHA-256 of counsel's opinion or of the agreement, which stays where it is. */
  documentSha256: SHA256_HEX,
});
export type LegalBasis = z.infer<typeof LegalBasis>;

/** @throws PhalanxError `COALITION_POLICY`, `COALITION_LIMIT` */
export function parseLegalBasis(bytes: Uint8Array): SignedDocument<LegalBasis> {
  return parseSigned(bytes, LegalBasis);
}
