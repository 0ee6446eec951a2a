import type { Json } from '@phalanx/core';

/** A STIX object as JSON. Nothing but the two properties that every one has is promised before `validateObject`. */
export interface StixObject {
  readonly type: string;
  readonly id: string;
  readonly [property: string]: Json;
}

/** `extensions` of an object, by the id of the extension definition. */
export type StixExtensions = Readonly<Record<string, { readonly [property: string]: Json }>>;

/** A member of an object if it is an object itself; null for anything else. */
export function asRecord(value: Json | undefined): { readonly [property: string]: Json } | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [property: string]: Json })
    : null;
}

/** A list of texts; empty for anything else. Elements that are no texts are left out. */
export function asTexts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === 'string') : [];
}
