import { canonicalJson, type Json } from '@phalanx/core';
import type { Member } from '../identity/member.js';
import { listExtensionDefinitions } from '../stix/extensions/extension-definition.js';
import { OBJECT_SIGNATURE } from '../stix/extensions/object-signature.js';
import { findTlpLevel, TLP_LEVELS } from '../stix/marking/tlp.js';
import { type SignerKey, verifyObject } from '../stix/signed-object.js';
import { parseId } from '../stix/stix-id.js';
import { asRecord, asTexts, type StixObject } from '../stix/stix-object.js';
import { validateObject } from '../stix/validate-object.js';
import { parseMicroseconds } from './microseconds.js';
import { listMarkings } from './reader-judge.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import type { NewObject } from './taxii-store.js';

/** An object that may be taken in by itself, whatever is there already. */
export interface PostedObject {
  readonly object: StixObject;
  readonly stored: NewObject;
  /** Markings that a reader has to know, besides those of TLP. */
  readonly markings: readonly string[];
}

/**
 * Judges an object that a member sent, by itself: a text says why it is refused. Types of others pass where they are well-formed as
 * STIX 2.1 has it for all objects, since a hub that knows every type would be behind its members.
 *
 * @param keys null: signatures are not looked at
 * @param authors identities under which the member may write here
 * @param makers identities of members, for whom another hub speaks by their signatures alone
 */
export function readPostedObject(
  value: Json,
  member: Member,
  keys: ReadonlyMap<string, SignerKey> | null,
  authors: ReadonlySet<string> = new Set([member.identity]),
  makers: ReadonlySet<string> = new Set(),
): PostedObject | string {
  const record = asRecord(value);
  if (record === null || typeof record.type !== 'string' || typeof record.id !== 'string') {
    return 'no object with type and id';
  }
  const object = record as StixObject;
  if (parseId(object.id)?.type !== object.type) return 'the id is not the type, -- and a UUID';
  if (typeof object.created_by_ref === 'string' && parseId(object.created_by_ref) === null)
    return 'created_by_ref is no id';
  const json = canonicalJson(object as Json);
  if (Buffer.byteLength(json) > TAXII_LIMITS.objectBytes)
    return `more than ${TAXII_LIMITS.objectBytes} bytes`;
  const costly = refuseMarkings(object);
  if (costly !== null) return costly;
  const [violation] = validateObject(object);
  if (violation !== undefined) return `${violation.path || 'the object'} ${violation.message}`.slice(0, 300);
  const version = readVersion(object);
  if (typeof version === 'string') return version;
  const isPeer = member.roles.includes('peer-hub');
  const foreign = refuseAuthor(object, json, authors, isPeer, keys, makers);
  if (foreign !== null) return foreign;
  const specVersion = object.spec_version === '2.0' ? '2.0' : '2.1';
  return {
    object,
    markings: [...new Set(listMarkings(object))].filter((id) => findTlpLevel(id) === null),
    stored: {
      id: object.id,
      type: object.type,
      createdByRef: typeof object.created_by_ref === 'string' ? object.created_by_ref : null,
      memberId: member.id,
      ...version,
      specVersion,
      mediaType: `application/stix+json;version=${specVersion}`,
      json,
      clearance: findClearance(object),
    },
  };
}

/** Place in `TLP_LEVELS` of an object whose markings are of TLP and of the whole object only; 0 without markings; else null. */
export function findClearance(object: StixObject): number | null {
  if (object.granular_markings !== undefined) return null;
  const levels = asTexts(object.object_marking_refs).map(findTlpLevel);
  if (levels.includes(null)) return null;
  return Math.max(0, ...levels.map((level) => TLP_LEVELS.indexOf(level!)));
}

function refuseMarkings({
  object_marking_refs: refs,
  granular_markings: granular,
}: StixObject): string | null {
  const selectors = (Array.isArray(granular) ? (granular as readonly Json[]) : []).map((marking) =>
    Math.max(1, asTexts(asRecord(marking)?.selectors).length),
  );
  const count = selectors.reduce((sum, some) => sum + some, 0);
  if (count > TAXII_LIMITS.selectors) return `more than ${TAXII_LIMITS.selectors} selectors`;
  if (asTexts(refs).length > TAXII_LIMITS.markings) return `more than ${TAXII_LIMITS.markings} markings`;
  return null;
}

function readVersion({
  modified,
  created,
}: StixObject): Pick<NewObject, 'versionUs' | 'versionText'> | string {
  const versionText = modified ?? created;
  if (typeof versionText !== 'string') return { versionUs: null, versionText: null };
  const versionUs = parseMicroseconds(versionText);
  if (
    versionUs === null ||
    !Number.isSafeInteger(versionUs) ||
    Math.abs(versionUs) === Number.MAX_SAFE_INTEGER
  ) {
    return 'a time that is none, or after 2255';
  }
  return { versionUs, versionText };
}

/** Extension definitions that we publish are made by nobody who is a member, and are the same bytes everywhere. */
let published: ReadonlySet<string> | null = null;

function isPublished(json: string): boolean {
  published ??= new Set(listExtensionDefinitions().map((object) => canonicalJson(object as Json)));
  return published.has(json);
}

/**
 * Members send what they made themselves, and what names no maker. Another hub sends what its members made: the signature shows it.
 * Of makers who are members or whose keys are known here it takes nothing unsigned, or it could revoke what they sent themselves; of others it does,
 * and what it sends is kept under its name.
 */
function refuseAuthor(
  object: StixObject,
  json: string,
  authors: ReadonlySet<string>,
  isPeer: boolean,
  keys: ReadonlyMap<string, SignerKey> | null,
  makers: ReadonlySet<string>,
): string | null {
  const { created_by_ref: maker } = object;
  const isOwn = maker === undefined || authors.has(String(maker)) || isPublished(json);
  const isRelayed = !isOwn && isPeer;
  if (!isOwn && !isRelayed) return 'created_by_ref is somebody else than you';
  if (keys === null) return null;
  const signature = asRecord(asRecord(object.extensions)?.[OBJECT_SIGNATURE.id]);
  if (signature === null && !isRelayed) return null;
  if (isRelayed && (signature === null || !keys.has(String(signature.kid)))) {
    const isKnown =
      makers.has(String(maker)) || [...keys.values()].some(({ identity }) => identity === maker);
    return isKnown ? 'its maker signs with keys that are known here, and this is not signed so' : null;
  }
  try {
    verifyObject(object, keys);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
