import { z } from 'zod';
import { PROOF_BYTES } from './equality-proof.js';
import { MAX_SERVERS } from './key-group.js';
import { bytesField, listField } from './message.js';
import { POINT_BYTES, SCALAR_BYTES } from './ristretto.js';

/** Characters of any message of making a key. */
export const MAX_KEY_TEXT = 16_384;

const place = z.int().min(1).max(MAX_SERVERS);

/** Step 1, to all: a promise of the dealing, so that nobody chooses theirs after seeing the others'. */
export const keyPromiseSchema = z.strictObject({
  type: z.literal('phalanx-key-promise-v1'),
  from: place,
  digest: bytesField(32),
});
/** Step 2, to all: a_j G for the coefficients of the secret polynomial, and proof that a_0 is known. */
export const keyDealingSchema = z.strictObject({
  type: z.literal('phalanx-key-dealing-v1'),
  from: place,
  commitments: listField(POINT_BYTES, 1, MAX_SERVERS),
  proof: bytesField(PROOF_BYTES),
});
/** Step 2, to one, over a channel that nobody else reads: the polynomial at `to`. Step 4 publishes it when it was complained of. */
export const keyPieceSchema = z.strictObject({
  type: z.literal('phalanx-key-piece-v1'),
  from: place,
  to: place,
  secret: bytesField(SCALAR_BYTES),
});
/** Step 3, to all: whose piece was missing or false, and a digest of steps 1 and 2 as they arrived here. */
export const keyComplaintSchema = z.strictObject({
  type: z.literal('phalanx-key-complaint-v1'),
  from: place,
  heard: bytesField(32),
  accused: z.array(place).max(MAX_SERVERS),
});
export type KeyPromise = z.output<typeof keyPromiseSchema>;
export type KeyDealing = z.output<typeof keyDealingSchema>;
export type KeyPiece = z.output<typeof keyPieceSchema>;
export type KeyComplaint = z.output<typeof keyComplaintSchema>;
