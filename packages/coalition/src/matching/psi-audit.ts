import { timingSafeEqual } from 'node:crypto';
import { refuse } from '../coalition-error.js';
import { type DrawHalf, drawPositions } from './audit-draw.js';
import { PROOF_BYTES, verifyEquality } from './equality-proof.js';
import {
  checkedList,
  digestOfPoints,
  elementPoint,
  PSI_AUDIT_CONTEXT,
  type PsiMasked,
  type PsiPromise,
} from './psi-messages.js';
import { pointFromUniform } from './ristretto.js';
import { digestOfDeclaration, type SetDeclaration, tagOf } from './set-commitment.js';

/** One audited position: an element with the opening of its tag, or the bytes that padding was made from. */
export type PsiOpening =
  | { readonly element: Uint8Array; readonly tagOpening: Uint8Array }
  | { readonly padding: Uint8Array };

/** For the auditor, never for the other lab. */
export interface PsiAudit {
  readonly openings: readonly PsiOpening[];
  /** That the opened elements stand in the list under the promised key; null when padding alone was drawn. */
  readonly proof: Uint8Array | null;
}

/** What an auditor has of one lab's run. */
export interface PsiRecord {
  readonly promise: PsiPromise;
  readonly masked: PsiMasked;
  readonly declaration: SetDeclaration;
}

/**
 * The auditor's check of one lab: that the drawn positions of its list are elements of the declared set under one key, or padding. It is
 * for people to compare the opened elements with the lab's telemetry: no proof shows that an element was ever seen.
 *
 * @throws PhalanxError `COALITION_PROOF` naming the position that does not hold
 */
export function checkPsiAudit(
  { promise, masked, declaration }: PsiRecord,
  audit: PsiAudit,
  halves: readonly [DrawHalf, DrawHalf],
): void {
  const fail = (what: string) => refuse('COALITION_PROOF', `the audit fails: ${what}`, 'Report the lab.');
  const points = checkedList(promise.run, masked, promise.size);
  if (!timingSafeEqual(digestOfPoints(promise.run, points), promise.masked))
    fail('the list was not promised');
  if (!timingSafeEqual(digestOfDeclaration(declaration), promise.declaration))
    fail('the set was not declared');
  if (!halves.some((half) => Buffer.compare(half.promise, promise.draw) === 0))
    fail('the draw was not promised');
  const positions = drawPositions(promise.masked, promise.size, halves);
  if (audit.openings.length !== positions.length) fail(`${audit.openings.length} openings`);
  const tags = new Set(declaration.tags.map(nameOf));
  const from: Uint8Array[] = [];
  const to: Uint8Array[] = [];
  for (const [i, opening] of audit.openings.entries()) {
    const point = points[positions[i]!]!;
    if ('padding' in opening) {
      const isPadding =
        opening.padding.length === 64 && nameOf(pointFromUniform(opening.padding)) === nameOf(point);
      if (!isPadding) fail(`position ${positions[i]} is no padding`);
      continue;
    }
    if (!tags.has(nameOf(tagOf(opening.tagOpening, opening.element))))
      fail(`position ${positions[i]} was not declared`);
    from.push(elementPoint(promise.run, opening.element));
    to.push(point);
  }
  if (from.length === 0) return;
  const claim = { context: PSI_AUDIT_CONTEXT, publicKey: promise.publicKey, from, to };
  if (audit.proof?.length !== PROOF_BYTES || !verifyEquality(claim, audit.proof))
    fail('an opened element does not stand where it was drawn');
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
