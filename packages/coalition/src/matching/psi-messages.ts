import { createHash, timingSafeEqual } from 'node:crypto';
import { utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { framed } from './framed-bytes.js';
import { hashToGroup } from './hash-to-group.js';
import { bytesField, listField } from './message.js';
import { POINT_BYTES } from './ristretto.js';
import { isAscending, MAX_SET } from './set-commitment.js';

/** Bytes of the name of a run. */
export const RUN_BYTES = 32;
export const PSI_DST = utf8('phalanx-psi-v1-ristretto255_XMD:SHA-512_R255MAP_RO_');
/** Context of the proof that an audit asks for. */
export const PSI_AUDIT_CONTEXT = utf8('phalanx-psi-audit-v1');
/** Characters of a message: 2^20 points in base64 and the rest. */
export const MAX_PSI_TEXT = 48 * 1_048_576;

const run = bytesField(RUN_BYTES);
const list = listField(POINT_BYTES, 16, MAX_SET);

/** Step 1: what each says before it has seen anything of the other. */
export const psiPromiseSchema = z.strictObject({
  type: z.literal('phalanx-psi-promise-v1'),
  run,
  size: z.int().min(16).max(MAX_SET),
  /** k G, for the audit. */
  publicKey: bytesField(POINT_BYTES),
  /** Digest of the declaration that the set was declared by. */
  declaration: bytesField(32),
  /** Digest of the masked list of step 2. */
  masked: bytesField(32),
  /** Half of the draw of an audit. */
  draw: bytesField(32),
});
/** Step 2: every element under the sender's mask, padded, in ascending order of bytes. */
export const psiMaskedSchema = z.strictObject({
  type: z.literal('phalanx-psi-masked-v1'),
  run,
  points: list,
});
/** Step 3: the other's list under both masks, in ascending order of bytes, so that nobody can tell which is which. */
export const psiRemaskedSchema = z.strictObject({
  type: z.literal('phalanx-psi-remasked-v1'),
  run,
  points: list,
});
export type PsiPromise = z.output<typeof psiPromiseSchema>;
export type PsiMasked = z.output<typeof psiMaskedSchema>;
export type PsiRemasked = z.output<typeof psiRemaskedSchema>;

/** What is hashed to the group for an element in a run. */
export function elementMessage(run: Uint8Array, element: Uint8Array): Uint8Array {
  return framed(run, element);
}

/** The point of an element in a run, before anybody masks it. */
export function elementPoint(run: Uint8Array, element: Uint8Array): Uint8Array {
  return hashToGroup(elementMessage(run, element), PSI_DST);
}

/**
 * The points of a list of this run.
 *
 * @throws PhalanxError `COALITION_MATCHING` when it is of another run or size, or not strictly ascending
 */
export function checkedList(
  run: Uint8Array,
  message: { readonly run: Uint8Array; readonly points: readonly Uint8Array[] },
  size: number,
): readonly Uint8Array[] {
  const { points } = message;
  if (!timingSafeEqual(message.run, run) || points.length !== size || !isAscending(points))
    refuse('COALITION_MATCHING', 'a list of another run or size, or out of order', 'End the run.');
  return points;
}

/** What a promise says of a list. */
export function digestOfPoints(run: Uint8Array, points: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256').update(framed(utf8('phalanx-psi-masked-v1'), run));
  for (const point of points) hash.update(point);
  return new Uint8Array(hash.digest());
}
