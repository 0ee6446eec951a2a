import type { Json } from '@phalanx/core';
import { findNewType } from './extensions/register.js';
import { deriveId, makeId } from './stix-id.js';
import type { StixObject } from './stix-object.js';
import { formatTimestamp } from './timestamp.js';
import { requireValid } from './validate-object.js';

/** What the objects that one lab makes at one time have in common. */
export interface Authorship {
  /** `identity--` id of the lab. */
  readonly createdByRef: string;
  readonly atMs: number;
  /** Markings of each object. At least one: what is not marked may go anywhere. */
  readonly markingRefs: readonly [string, ...string[]];
}

type Properties = { readonly [property: string]: Json | undefined };

/**
 * A domain or relationship object with a random id. A type of ours gets its extension.
 *
 * @throws PhalanxError `COALITION_STIX` when it is not valid
 */
export function makeDomainObject(type: string, authorship: Authorship, properties: Properties): StixObject {
  const at = formatTimestamp(authorship.atMs);
  return finish(type, properties, {
    id: makeId(type),
    created_by_ref: authorship.createdByRef,
    created: at,
    modified: at,
    object_marking_refs: [...authorship.markingRefs],
  });
}

/**
 * An observable with its deterministic id, so that every lab has the same object for the same thing.
 *
 * @throws PhalanxError `COALITION_STIX` when it is not valid
 */
export function makeObservable(
  type: string,
  markingRefs: Authorship['markingRefs'],
  properties: Properties,
): StixObject {
  const present = dropUndefined(properties);
  const id = deriveId(type, present) ?? makeId(type);
  return finish(type, present, { id, object_marking_refs: [...markingRefs] });
}

/** A relationship (section 5.1). */
export function makeRelationship(
  type: string,
  sourceId: string,
  targetId: string,
  authorship: Authorship,
): StixObject {
  return makeDomainObject('relationship', authorship, {
    relationship_type: type,
    source_ref: sourceId,
    target_ref: targetId,
  });
}

function finish(
  type: string,
  properties: Properties,
  common: { readonly [property: string]: Json; readonly id: string },
): StixObject {
  const extension = findNewType(type);
  const marker: { readonly [property: string]: Json } =
    extension === null ? {} : { extensions: { [extension.id]: { extension_type: extension.kind } } };
  return requireValid({ type, spec_version: '2.1', ...common, ...marker, ...dropUndefined(properties) });
}

function dropUndefined(properties: Properties): { [property: string]: Json } {
  const present = Object.entries(properties).filter(
    (member): member is [string, Json] => member[1] !== undefined,
  );
  return Object.fromEntries(present);
}
