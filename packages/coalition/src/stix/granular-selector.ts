import type { Json } from '@phalanx/core';
import type { StixObject } from './stix-object.js';

/**
 * Where a selector of a granular marking leads (STIX 2.1 section 7.2.3.1): names and list indexes such as `[2]`, parted by
 * points, so that a dictionary's key with a point in it cannot be selected. Null when there is no such place in the object.
 */
export function resolveSelector(object: StixObject, selector: string): readonly (string | number)[] | null {
  const place: (string | number)[] = [];
  let value: Json | undefined = object;
  for (const segment of selector.split('.')) {
    const index = /^\[([0-9]{1,9})\]$/.exec(segment);
    if (index !== null) {
      if (!Array.isArray(value)) return null;
      value = (value as readonly Json[])[Number(index[1])];
      place.push(Number(index[1]));
    } else {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
      if (!Object.hasOwn(value, segment)) return null;
      value = (value as { readonly [key: string]: Json })[segment];
      place.push(segment);
    }
    if (value === undefined) return null;
  }
  return place;
}
