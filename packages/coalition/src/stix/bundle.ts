import { type Json, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { parseJson } from './json-text.js';
import { makeId, parseId } from './stix-id.js';
import { STIX_LIMITS } from './stix-limits.js';
import { asRecord, type StixObject } from './stix-object.js';

/** Objects that travel together (STIX 2.1 section 8). That they do says nothing of how they belong together. */
export interface StixBundle {
  readonly id: string;
  readonly objects: readonly StixObject[];
}

/**
 * Reads a bundle of a stranger within `STIX_LIMITS`. Objects are JSON objects with `type` and `id`, and no more is known of them:
 * `validateObject` says whether each is valid, so that one that is not keeps no other from being taken.
 *
 * @throws PhalanxError `COALITION_STIX` for what is no bundle; `COALITION_LIMIT` beyond `bundleObjects`, and as `parseJson`
 */
export function parseBundle(bytes: Uint8Array): StixBundle {
  const bundle = asRecord(parseJson(bytes));
  if (bundle === null || bundle.type !== 'bundle') return refuse('COALITION_STIX', 'no bundle', 'send one');
  const { id, objects = [] } = bundle;
  if (typeof id !== 'string' || parseId(id)?.type !== 'bundle') {
    return refuse('COALITION_STIX', 'the bundle has no id', 'give it one: bundle-- and a UUID');
  }
  if (!Array.isArray(objects))
    return refuse('COALITION_STIX', 'the objects of the bundle are no list', 'list them');
  if (objects.length > STIX_LIMITS.bundleObjects) {
    refuse('COALITION_LIMIT', `a bundle of ${objects.length} objects`, 'send fewer at a time');
  }
  return { id, objects: objects.map((object) => requireObject(object as Json)) };
}

/** A bundle as JSON text, with a fresh id. */
export function formatBundle(objects: readonly StixObject[]): Uint8Array {
  const bundle = { type: 'bundle', id: makeId('bundle'), ...(objects.length === 0 ? {} : { objects }) };
  return utf8(JSON.stringify(bundle));
}

function requireObject(value: Json): StixObject {
  const record = asRecord(value);
  if (record === null || typeof record.type !== 'string' || typeof record.id !== 'string') {
    return refuse(
      'COALITION_STIX',
      'a bundle holds something without type or id',
      'bundles hold STIX objects',
    );
  }
  return record as StixObject;
}
