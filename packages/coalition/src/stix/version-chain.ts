import type { Json } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { PREVIOUS_VERSION } from './extensions/previous-version.js';
import { digestObject, withoutSignature } from './object-digest.js';
import { asRecord, type StixObject } from './stix-object.js';
import { formatTimestamp, parseTimestamp } from './timestamp.js';

/** The last version of an object that a hub has: all it must keep to judge the next. */
export interface VersionHead {
  readonly id: string;
  readonly createdByRef: string | null;
  readonly created: string;
  readonly modified: string;
  /** `digestObject` of it. */
  readonly digest: string;
  readonly revoked: boolean;
}

/** What a maker may not change between versions (STIX 2.1 section 3.6.2). */
const FIXED = ['type', 'id', 'created', 'created_by_ref', 'spec_version'] as const;

/**
 * The next version of an object: the changes, a later `modified`, and the digest of the version that it replaces. A change to
 * `undefined` takes a property away. Unsigned.
 *
 * @throws PhalanxError `COALITION_STIX` when the object is revoked, `modified` would not grow, or a change touches what makes it
 *   this object
 */
export function makeNextVersion(
  previous: StixObject,
  changes: { readonly [property: string]: Json | undefined },
  atMs: number,
): StixObject {
  if (previous.revoked === true) refuse('COALITION_STIX', 'the object is revoked', 'make a new one');
  const fixed = FIXED.find((name) => name in changes);
  if (fixed !== undefined) refuse('COALITION_STIX', `${fixed} cannot change`, 'make a new object');
  const modified = formatTimestamp(atMs);
  if (!isLater(modified, previous.modified)) {
    refuse('COALITION_STIX', 'the next version is not later than the last', 'look at the clock');
  }
  const merged = Object.entries({ ...withoutSignature(previous), ...changes, modified });
  const next = Object.fromEntries(merged.filter(([, value]) => value !== undefined)) as StixObject;
  const link = { extension_type: PREVIOUS_VERSION.kind, digest: digestObject(previous) };
  return { ...next, extensions: { ...asRecord(next.extensions), [PREVIOUS_VERSION.id]: link } };
}

/** The last version of an object, which says that no other may be acted on (section 3.6.3). */
export function revokeObject(previous: StixObject, atMs: number): StixObject {
  return makeNextVersion(previous, { revoked: true }, atMs);
}

/**
 * Takes a version into the chain of its object: the head that the hub keeps from now on. The same version again changes nothing.
 *
 * @param head the last version that was taken in; null where there is none. A chain may be met in its middle: the first version seen
 *   need not be the first that was made.
 * @throws PhalanxError `COALITION_STIX` for a fork (it does not name the digest of the head), a version that is not later, one
 *   by another maker, anything after a revocation, and an object without versions (an observable)
 */
export function appendVersion(head: VersionHead | null, object: StixObject): VersionHead {
  const { id, created, modified, created_by_ref: maker } = object;
  if (typeof created !== 'string' || typeof modified !== 'string') {
    return refuse('COALITION_STIX', `${id} has no versions`, 'observables are what they are');
  }
  const digest = digestObject(object);
  const next: VersionHead = {
    id,
    createdByRef: typeof maker === 'string' ? maker : null,
    created,
    modified,
    digest,
    revoked: object.revoked === true,
  };
  if (head === null) return next;
  if (head.digest === digest) return head;
  if (head.id !== id || head.createdByRef !== next.createdByRef || head.created !== created) {
    refuse(
      'COALITION_STIX',
      `${id} is not by the maker of the version before`,
      'only its maker changes an object',
    );
  }
  if (head.revoked) refuse('COALITION_STIX', `${id} is revoked`, 'its maker makes a new object');
  if (!isLater(modified, head.modified)) {
    refuse('COALITION_STIX', `${id} goes back in time`, 'take the versions in their order');
  }
  const link = asRecord(asRecord(object.extensions)?.[PREVIOUS_VERSION.id]);
  if (link?.digest !== head.digest) {
    refuse(
      'COALITION_STIX',
      `${id} does not continue the version before`,
      'ask its maker which of the two holds',
    );
  }
  return next;
}

function isLater(modified: string, before: Json | undefined): boolean {
  const later = parseTimestamp(modified);
  const earlier = typeof before === 'string' ? parseTimestamp(before) : null;
  return later !== null && earlier !== null && later > earlier;
}
