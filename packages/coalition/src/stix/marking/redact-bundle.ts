import type { Json } from '@phalanx/core';
import type { StixObject } from '../stix-object.js';
import { validateObject } from '../validate-object.js';
import type { Recipient } from './marking-verdict.js';
import { isMarking, redactObject, removePlaces } from './redact-object.js';
import type { Place } from './strip-places.js';

/**
 * What a recipient may see of objects that travel together: each by `redactObject`, and without references to those held back,
 * whose ids would tell that they exist. An object that needs such a reference (a relationship, a sighting, one marked with a marking held back) is held back too. Markings are
 * looked up among the objects and among `markings`, which a hub knows besides.
 */
export function redactBundle(
  objects: readonly StixObject[],
  recipient: Recipient,
  markings: readonly StixObject[] = [],
): StixObject[] {
  const known = new Map(
    [...markings, ...objects]
      .filter(({ type }) => type === 'marking-definition')
      .map((marking): [string, StixObject] => [marking.id, marking]),
  );
  const held = new Set<string>();
  let shown = keep(objects, held, (object) => redactObject(object, known, recipient));
  // Another version of the same object may be shown: then its id is no secret.
  for (const { id } of shown) held.delete(id);
  for (let before = -1; before !== held.size; ) {
    before = held.size;
    shown = keep(shown, held, (object) => dropReferences(object, held));
  }
  return shown;
}

function keep(
  objects: readonly StixObject[],
  held: Set<string>,
  redact: (object: StixObject) => StixObject | null,
): StixObject[] {
  return objects.flatMap((object) => {
    const left = redact(object);
    if (left === null) held.add(object.id);
    return left === null ? [] : [left];
  });
}

function dropReferences(object: StixObject, held: ReadonlySet<string>): StixObject | null {
  if (held.has(object.id)) return null;
  const places = findReferences(object, held, [], '');
  if (places.length === 0) return object;
  if (places.some(isMarking)) return null;
  const left = removePlaces(object, places);
  return validateObject(left).length === 0 ? left : null;
}

function findReferences(value: Json, held: ReadonlySet<string>, place: Place, key: string): Place[] {
  if (typeof value === 'string') {
    return (key.endsWith('_ref') || key.endsWith('_refs')) && held.has(value) ? [place] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((element, at) => findReferences(element as Json, held, [...place, at], key));
  }
  return Object.entries(value).flatMap(([name, member]) =>
    findReferences(member as Json, held, [...place, name], name),
  );
}
