import { OBJECT_SIGNATURE } from '../stix/extensions/object-signature.js';
import { PREVIOUS_VERSION } from '../stix/extensions/previous-version.js';
import { digestObject } from '../stix/object-digest.js';
import { asRecord, type StixObject } from '../stix/stix-object.js';
import { parseTimestamp } from '../stix/timestamp.js';
import { appendVersion } from '../stix/version-chain.js';

/** The last version of an object that a collection has, and who sent it. */
export interface CollectionHead {
  readonly object: StixObject;
  readonly memberId: string;
}

/** Whether an object takes part in a chain of versions: signed, or naming the version before. Objects of other software do neither. */
export function isChained(object: StixObject): boolean {
  return isSigned(object) || asRecord(object.extensions)?.[PREVIOUS_VERSION.id] !== undefined;
}

/** Whether an object carries our signature, good or bad. */
export function isSigned(object: StixObject): boolean {
  return asRecord(object.extensions)?.[OBJECT_SIGNATURE.id] !== undefined;
}

/**
 * Why a version may not follow the last one; null when it may. Chains (`stix/version-chain`) grow at their end and never fork. A
 * signed version is followed by signed ones only, or whoever relays could speak for its maker. Versions without chain may come
 * in any order, from the same maker, and none later than one that says `revoked`; without a signature, from the same member.
 */
export function refuseVersion(object: StixObject, head: CollectionHead, memberId: string): string | null {
  const last = head.object;
  if (isSigned(last) && !isSigned(object)) return 'the version before is signed and this one is not';
  // What is not signed is the word of who sends it, whoever it names as its maker.
  if (!isSigned(object) && head.memberId !== memberId) {
    return 'the object is not signed, and somebody else sent the version before';
  }
  if (isChained(last) || isChained(object)) return refuseLink(object, last);
  if (last.created_by_ref !== object.created_by_ref) return 'the version before has another maker';
  if (last.created !== object.created) return 'the version before was created at another time';
  if (last.revoked === true && isLater(object, last)) return 'the object is revoked';
  return null;
}

function refuseLink(object: StixObject, last: StixObject): string | null {
  const { id, created, modified, created_by_ref: maker } = last;
  if (typeof created !== 'string' || typeof modified !== 'string') return 'the version before has no time';
  try {
    appendVersion(
      {
        id,
        createdByRef: typeof maker === 'string' ? maker : null,
        created,
        modified,
        digest: digestObject(last),
        revoked: last.revoked === true,
      },
      object,
    );
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function isLater(object: StixObject, last: StixObject): boolean {
  const [now, before] = [object, last].map(({ modified }) =>
    typeof modified === 'string' ? parseTimestamp(modified) : null,
  );
  return now != null && before != null && now > before;
}
