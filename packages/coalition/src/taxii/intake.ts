import { setImmediate } from 'node:timers/promises';
import type { Json } from '@phalanx/core';
import type { Member } from '../identity/member.js';
import type { StixObject } from '../stix/stix-object.js';
import { type CollectionHead, refuseVersion } from './continued-version.js';
import { readNamed } from './named-objects.js';
import { type PostedObject, readPostedObject } from './posted-object.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import type { TaxiiHub } from './taxii-request.js';
import type { TaxiiStore } from './taxii-store.js';

/** What became of one object of a request. */
export interface Outcome {
  readonly value: Json;
  /** Null: it is in the collection. */
  readonly failure: string | null;
}

/** What stands in a collection under one id. */
interface Standing {
  readonly versionsUs: Set<number>;
  head: CollectionHead;
  headUs: number;
}

/** Objects that are judged between two breaths of the process: some ten milliseconds. */
const AT_ONCE = 100;
const IDS_AT_ONCE = 500;

/**
 * Takes objects of a member into a collection, each for itself: what fails keeps nothing else out. In order, so that versions of one
 * object may come together. Objects are judged by themselves first; then nobody else writes to the collection until all are added.
 */
export async function takeObjects(
  { store, findKeys, findMakers, listAuthors, turns }: TaxiiHub,
  collectionId: string,
  member: Member,
  values: readonly Json[],
): Promise<Outcome[]> {
  const keys = findKeys === null ? null : await findKeys();
  const authors = await listAuthors(member, collectionId);
  const makers = member.roles.includes('peer-hub') && findMakers !== null ? await findMakers() : undefined;
  const posted: (PostedObject | string)[] = [];
  for (const [at, value] of values.entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await setImmediate();
    posted.push(readPostedObject(value, member, keys, authors, makers));
  }
  const refusals = await turns.take(collectionId, () => addSound(store, collectionId, member.id, posted));
  return values.map((value, at) => ({ value, failure: refusals[at]! }));
}

/** Why each is not in the collection; null when it is. */
async function addSound(
  store: TaxiiStore,
  collectionId: string,
  memberId: string,
  posted: readonly (PostedObject | string)[],
): Promise<(string | null)[]> {
  const sound = posted.filter((one) => typeof one !== 'string');
  const ids = new Set(sound.map(({ stored }) => stored.id));
  const standing = await findStanding(store, collectionId, [...ids]);
  const markings = await findKnownMarkings(store, collectionId, sound);
  const refusals = posted.map((one) => {
    if (typeof one === 'string') return one;
    if (one.markings.some((id) => !markings.has(id))) return 'a marking of it is not here: send that too';
    return refuseStanding(one, standing, memberId);
  });
  const results = await store.addObjects(
    collectionId,
    posted.flatMap((one, at) => (typeof one === 'string' || refusals[at] !== null ? [] : [one.stored])),
  );
  const added = results.values();
  return refusals.map((refusal) => refusal ?? (added.next().value === 'differs' ? DIFFERS : null));
}

const DIFFERS = 'this version is here with other content';

/** Why an object may not come to what stands there; null when it may, and then it stands there too. */
function refuseStanding(
  { object, stored }: PostedObject,
  standing: Map<string, Standing>,
  memberId: string,
): string | null {
  const { id, versionUs } = stored;
  const own = { object, memberId };
  const there = standing.get(id);
  if (there === undefined) {
    const versionsUs = new Set(versionUs === null ? [] : [versionUs]);
    standing.set(id, { versionsUs, head: own, headUs: versionUs ?? 0 });
    return null;
  }
  if (object.type === 'marking-definition') {
    return versionUs === there.headUs ? null : 'a marking definition does not change';
  }
  // The store says whether it is the same.
  if (versionUs === null || there.versionsUs.has(versionUs)) return null;
  if (there.versionsUs.size >= TAXII_LIMITS.versions) return `more than ${TAXII_LIMITS.versions} versions`;
  const refusal = refuseVersion(object, there.head, memberId);
  if (refusal !== null) return refusal;
  there.versionsUs.add(versionUs);
  if (versionUs > there.headUs) Object.assign(there, { head: own, headUs: versionUs });
  return null;
}

/** Markings that the collection has, and those sent now that are not marked with one of these themselves. */
async function findKnownMarkings(
  store: TaxiiStore,
  collectionId: string,
  posted: readonly PostedObject[],
): Promise<ReadonlySet<string>> {
  const asked = [...new Set(posted.flatMap(({ markings }) => markings))];
  const known = new Set<string>();
  for (let at = 0; at < asked.length; at += IDS_AT_ONCE) {
    const found = await store.findMarkings(collectionId, asked.slice(at, at + IDS_AT_ONCE));
    for (const text of found) known.add((JSON.parse(text) as StixObject).id);
  }
  const sent = posted.filter(({ object }) => object.type === 'marking-definition');
  const usable = sent.filter(({ markings }) => markings.every((id) => known.has(id)));
  for (const { object } of usable) known.add(object.id);
  return known;
}

async function findStanding(
  store: TaxiiStore,
  collectionId: string,
  ids: readonly string[],
): Promise<Map<string, Standing>> {
  const standing = new Map<string, Standing>();
  const budget = { bytes: TAXII_LIMITS.standingBytes };
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const asked = ids.slice(at, at + IDS_AT_ONCE);
    const versions = await readNamed(store, collectionId, null, asked, 'all', 'readManifest', budget);
    for (const row of await readNamed(store, collectionId, null, asked, 'last', 'readObjects', budget)) {
      standing.set(row.id, {
        versionsUs: new Set(),
        head: { object: JSON.parse(row.json) as StixObject, memberId: row.memberId },
        headUs: row.versionUs,
      });
    }
    for (const { id, versionUs } of versions) standing.get(id)?.versionsUs.add(versionUs);
  }
  return standing;
}
