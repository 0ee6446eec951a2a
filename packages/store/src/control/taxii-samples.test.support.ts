import type { NewObject, ObjectQuery, StoredObject, TaxiiStore } from '@phalanx/coalition/taxii';

/** An indicator of which the same number always makes the same. */
export function makeIndicator(number: number): NewObject {
  const id = `indicator--${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;
  const json = `{"id":"${id}","name":"${number}","type":"indicator"}`;
  return {
    id,
    type: 'indicator',
    createdByRef: 'identity--1',
    memberId: 'lab',
    versionUs: 1_767_225_600_000_000,
    versionText: '2026-01-01T00:00:00.000Z',
    specVersion: '2.1',
    mediaType: 'application/stix+json;version=2.1',
    json,
    clearance: 2,
  };
}

/** All versions of everything, for the hub itself. */
export const EVERYTHING: ObjectQuery = {
  versions: ['all'],
  specVersions: null,
  reader: null,
  afterUs: 0,
  limit: 1_000,
  maxBytes: 10_000_000,
  ids: null,
  types: null,
};

/** Page by page until there is no more. */
export async function readEverything(
  store: TaxiiStore,
  collection: string,
  query = EVERYTHING,
): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for (let { afterUs } = query; ; ) {
    const page = await store.readObjects(collection, { ...query, afterUs });
    objects.push(...page.objects);
    if (!page.hasMore) return objects;
    afterUs = page.objects.at(-1)!.addedUs;
  }
}
