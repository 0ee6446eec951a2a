import type { Json } from '@phalanx/core';
import type { StixObject } from '../stix-object.js';

/** Names and list indexes that lead to a value, as `resolveSelector` returns them. */
export type Place = readonly (string | number)[];

/**
 * An object without some of its places and all that lies below them. Lists close up; a list, dictionary or extension that is left
 * empty goes too, since STIX has no empty ones.
 */
export function stripPlaces(object: StixObject, places: readonly Place[]): StixObject {
  return (strip(object, places) ?? {}) as unknown as StixObject;
}

function strip(value: Json, places: readonly Place[]): Json | undefined {
  if (places.some((place) => place.length === 0)) return undefined;
  if (places.length === 0 || typeof value !== 'object' || value === null) return value;
  const below = (key: string | number) =>
    places.filter(([head]) => head === key).map((place) => place.slice(1));
  if (Array.isArray(value)) {
    const left = value.flatMap((element, at) => {
      const kept = strip(element as Json, below(at));
      return kept === undefined ? [] : [kept];
    });
    return left.length === 0 && value.length > 0 ? undefined : left;
  }
  const left = Object.entries(value).flatMap(([key, member]): [string, Json][] => {
    const kept = strip(member as Json, below(key));
    return kept === undefined ? [] : [[key, kept]];
  });
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

/** Where a place is after others are gone; null when it is one of them or below one. `empty` lists vanish with their last element. */
export function movePlace(place: Place, removed: readonly Place[]): Place | null {
  const moved: (string | number)[] = [];
  let here = removed;
  for (const step of place) {
    if (here.some((other) => other.length === 0)) return null;
    const earlier = new Set(
      here
        .filter((other) => other.length === 1 && typeof step === 'number' && (other[0] as number) < step)
        .map(([at]) => at),
    );
    moved.push(typeof step === 'number' ? step - earlier.size : step);
    here = here.filter(([head]) => head === step).map((other) => other.slice(1));
  }
  return here.some((other) => other.length === 0) ? null : moved;
}
