import type { Json } from '@phalanx/core';
import { OBJECT_SIGNATURE } from '../extensions/object-signature.js';
import { PREVIOUS_VERSION } from '../extensions/previous-version.js';
import { resolveSelector } from '../granular-selector.js';
import { asRecord, asTexts, type StixObject } from '../stix-object.js';
import { validateObject } from '../validate-object.js';
import { judgeMarking, type Recipient } from './marking-verdict.js';
import { movePlace, type Place, stripPlaces } from './strip-places.js';

/**
 * What a recipient may see of an object: itself, a copy without the places that granular markings hide (STIX 2.1 section 7.2.3), or
 * null. Nothing is blanked or encrypted: what may not be seen is not there.
 *
 * - Each of `object_marking_refs` must be readable, or the object is held back.
 * - A granular marking that is not readable removes what its selectors name, with all below. The strictest marking counts: one
 *   that is more open inside does not open what is closed around it.
 * - What cannot lose a place and stay a valid object is held back whole: a place that is required, `id`, `type`. So is what would lose a
 *   marking.
 * - A copy loses its signature, which would not verify, and the digest of the version before: by either, somebody who guesses what is
 *   hidden could see that the guess is right. So does one whose provider must not be named, with `created_by_ref`.
 * - Who made it sees it whole.
 */
export function redactObject(
  object: StixObject,
  markings: ReadonlyMap<string, StixObject>,
  recipient: Recipient,
): StixObject | null {
  if (object.created_by_ref !== undefined && object.created_by_ref === recipient.identity) return object;
  const whole = asTexts(object.object_marking_refs).map((id) => judgeMarking(id, markings, recipient));
  const refs = object.object_marking_refs;
  if (whole.some(({ readable }) => !readable) || whole.length !== (Array.isArray(refs) ? refs.length : 0))
    return null;
  const hidden: Place[] = [];
  let anonymous = whole.some((verdict) => verdict.anonymous);
  for (const marking of listGranular(object)) {
    if (marking.markingId === null) continue;
    const verdict = judgeMarking(marking.markingId, markings, recipient);
    anonymous ||= verdict.anonymous;
    if (verdict.readable) continue;
    for (const selector of marking.selectors) {
      const place = resolveSelector(object, selector);
      // A selector that leads nowhere may mean what a reader of another mind would have found.
      if (place === null || isMarking(place)) return null;
      hidden.push(place);
    }
  }
  if (anonymous && object.created_by_ref !== undefined) hidden.push(['created_by_ref']);
  if (hidden.length === 0) return object;
  const left = removePlaces(object, hidden);
  return validateObject(left).length === 0 ? left : null;
}

/** A copy without these places, its signature and the digest of the version before; its granular markings still select what they did, as far as it is there. */
export function removePlaces(object: StixObject, hidden: readonly Place[]): StixObject {
  const removed: Place[] = [...hidden];
  for (const { id } of [OBJECT_SIGNATURE, PREVIOUS_VERSION]) {
    if (asRecord(object.extensions)?.[id] !== undefined) removed.push(['extensions', id]);
  }
  const granular = Array.isArray(object.granular_markings)
    ? (object.granular_markings as readonly Json[])
    : [];
  const moved = granular.flatMap((marking): Json[] => {
    const record = asRecord(marking);
    if (record === null) return [];
    const selectors = asTexts(record.selectors).flatMap((selector) => {
      const place = resolveSelector(object, selector);
      const to = place === null ? null : movePlace(place, removed);
      return to === null ? [] : [writeSelector(to)];
    });
    return selectors.length === 0 ? [] : [{ ...record, selectors }];
  });
  const left = stripPlaces(object, [...removed, ['granular_markings']]);
  const selecting = moved.flatMap((marking): Json[] => {
    const record = asRecord(marking)!;
    // A list that lost its last element is gone, and what selected it selects nothing.
    const selectors = asTexts(record.selectors).filter(
      (selector) => resolveSelector(left, selector) !== null,
    );
    return selectors.length === 0 ? [] : [{ ...record, selectors }];
  });
  return selecting.length === 0 ? left : { ...left, granular_markings: selecting };
}

/** Whether a place holds markings: an object that loses one would go on with less protection. */
export function isMarking([name]: Place): boolean {
  return name === 'object_marking_refs' || name === 'granular_markings';
}

interface Granular {
  /** Null for a marking of language. */
  readonly markingId: string | null;
  readonly selectors: readonly string[];
}

function listGranular(object: StixObject): Granular[] {
  const list = Array.isArray(object.granular_markings) ? (object.granular_markings as readonly Json[]) : [];
  return list.map((marking) => {
    const { marking_ref: ref, selectors } = asRecord(marking) ?? {};
    return { markingId: typeof ref === 'string' ? ref : null, selectors: asTexts(selectors) };
  });
}

function writeSelector(place: Place): string {
  return place.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join('.');
}
