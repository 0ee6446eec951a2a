import { createHash } from 'node:crypto';
import { utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { digestOf, framed, integerBytes } from './framed-bytes.js';
import { listField } from './message.js';

/** Most elements of a set, padding included. */
export const MAX_SET = 1_048_576;
const LEAST_SET = 16;
const TAG_BYTES = 32;
const TAG_LABEL = framed(utf8('phalanx-set-tag-v1'));
const ELEMENT_LABEL = framed(utf8('phalanx-set-element-v1'));
const PADDING_LABEL = framed(utf8('phalanx-set-padding-v1'));

/**
 * What a lab says of its set at the start of an epoch: a tag an element, ascending, padded. The same element has the same tag until the
 * lab changes its secret, so that others count how much a set has changed, and no more.
 */
export const setDeclarationSchema = z.strictObject({
  type: z.literal('phalanx-set-declaration-v1'),
  epoch: z.int().min(0).max(0xffffffff),
  tags: listField(TAG_BYTES, LEAST_SET, MAX_SET),
});
export type SetDeclaration = z.output<typeof setDeclarationSchema>;
/** Characters of a declaration. */
export const MAX_DECLARATION_TEXT = 48 * 1_048_576;

/** What shows that a tag stands for an element: 32 bytes, a pseudorandom function of it under the secret. */
export function tagOpening(secret: Uint8Array, element: Uint8Array): Uint8Array {
  return keyedBytes(ELEMENT_LABEL, secret, element);
}

/** The tag that an opening makes: hiding, since the opening is a pseudorandom function of the element; binding, since SHA-256 is. */
export function tagOf(opening: Uint8Array, element: Uint8Array): Uint8Array {
  return digestOf('sha256', TAG_LABEL, framed(opening, element));
}

/** The next power of two, at least 16: sizes say no more than this. */
export function paddedSize(elements: number): number {
  let size = LEAST_SET;
  while (size < elements) size *= 2;
  return size;
}

/**
 * Declares a set, padded by tags that stand for nothing and stay the same within an epoch.
 *
 * @param secret 32 random bytes, kept for the epoch and for audits
 * @param elements distinct, as `matchingInput` makes them
 * @throws PhalanxError `COALITION_LIMIT` for more than 1,048,576
 */
export function declareSet(
  secret: Uint8Array,
  epoch: number,
  elements: readonly Uint8Array[],
): SetDeclaration {
  if (elements.length > MAX_SET)
    refuse('COALITION_LIMIT', `a set of ${elements.length}`, `At most ${MAX_SET}.`);
  const tags = elements.map((element) => tagOf(tagOpening(secret, element), element));
  const size = paddedSize(elements.length);
  for (let i = elements.length; i < size; i++)
    tags.push(keyedBytes(PADDING_LABEL, secret, integerBytes(i, 4)));
  return { type: 'phalanx-set-declaration-v1', epoch, tags: tags.sort(Buffer.compare) };
}

/** SHA-256 of a declaration, which the commitment to a run names. */
export function digestOfDeclaration({ epoch, tags }: SetDeclaration): Uint8Array {
  const hash = createHash('sha256').update(
    framed(utf8('phalanx-set-declaration-v1'), integerBytes(epoch, 4)),
  );
  for (const tag of tags) hash.update(tag);
  return new Uint8Array(hash.digest());
}

/**
 * Checks a declaration of somebody else: a power of two of tags, strictly ascending.
 *
 * @throws PhalanxError `COALITION_MATCHING` otherwise
 */
export function checkDeclaration({ tags }: SetDeclaration): void {
  if (tags.length !== paddedSize(tags.length) || !isAscending(tags))
    refuse(
      'COALITION_MATCHING',
      'a declared set is not padded, or not in ascending order',
      'Refuse the run.',
    );
}

/** Whether byte strings are strictly ascending, so that none stands there twice. */
export function isAscending(list: readonly Uint8Array[]): boolean {
  return list.every((item, i) => i === 0 || Buffer.compare(list[i - 1]!, item) < 0);
}

/** Tags that are in one of two declarations only. */
export function countChanges(before: SetDeclaration, after: SetDeclaration): number {
  const known = new Set(before.tags.map(nameOf));
  const kept = after.tags.reduce((sum, tag) => sum + (known.has(nameOf(tag)) ? 1 : 0), 0);
  return before.tags.length + after.tags.length - 2 * kept;
}

/** SHA-512 cut to 32 bytes, which cannot be continued, over purpose, secret and text. */
function keyedBytes(purpose: Uint8Array, secret: Uint8Array, text: Uint8Array): Uint8Array {
  return digestOf('sha512', purpose, framed(secret, text)).subarray(0, TAG_BYTES);
}

function nameOf(tag: Uint8Array): string {
  return Buffer.from(tag.buffer, tag.byteOffset, tag.length).toString('latin1');
}
