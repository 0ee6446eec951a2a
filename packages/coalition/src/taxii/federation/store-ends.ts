import type { Json } from '@phalanx/core';
import type { Member } from '../../identity/member.js';
import type { StixObject } from '../../stix/stix-object.js';
import { readPostedObject } from '../posted-object.js';
import { SPEC_VERSIONS } from '../taxii-limits.js';
import type { ObjectQuery, TaxiiStore } from '../taxii-store.js';
import type { MirrorSource, MirrorTarget, TargetResult } from './mirror-ends.js';

/** Objects read at a time. */
const PAGE = 500;
const PAGE_BYTES = 8 * 1024 * 1024;
const EVERYTHING: ObjectQuery = {
  reader: null,
  versions: ['all'],
  specVersions: SPEC_VERSIONS,
  afterUs: 0,
  limit: PAGE,
  maxBytes: PAGE_BYTES,
  ids: null,
  types: null,
};

/** A collection of a store, read as the hub itself reads it: everything. What may go on is decided by `mirrorCollection`. */
export function readStore(store: TaxiiStore, collectionId: string): MirrorSource {
  return {
    async *read(since) {
      let afterUs = since?.cursorUs ?? 0;
      for (;;) {
        const page = await store.readObjects(collectionId, { ...EVERYTHING, afterUs });
        afterUs = page.objects.at(-1)?.addedUs ?? afterUs;
        // Times in a store are unique and committed in order: nothing comes between afterwards.
        const checkpoint = { cursorUs: afterUs, keys: [] };
        yield {
          objects: page.objects.map(({ json }) => JSON.parse(json) as StixObject),
          refused: [],
          checkpoint,
        };
        if (!page.hasMore) return;
      }
    },
    find: (ids) => findInStore(store, collectionId, ids),
  };
}

/**
 * A collection of a store, written to by nobody else meanwhile: versions that come at the same time could fork. Where a server takes
 * POSTs for it, use `writeRemote` with that server as the transport.
 *
 * @param peer the hub that objects are kept as sent by; a member with the role `peer-hub`
 */
export function writeStore(store: TaxiiStore, collectionId: string, peer: Member): MirrorTarget {
  return {
    find: (ids) => findInStore(store, collectionId, ids),
    async add(objects) {
      // Signatures have been judged, with the keys of the mirror.
      const posted = objects.map((object) => readPostedObject(object as Json, peer, null));
      const sound = posted.filter((one) => typeof one !== 'string').map(({ stored }) => stored);
      const added = (sound.length === 0 ? [] : await store.addObjects(collectionId, sound)).values();
      return posted.map(
        (one): TargetResult =>
          typeof one === 'string'
            ? { outcome: 'refused', why: one }
            : { outcome: added.next().value!, why: 'the same version is there with other content' },
      );
    },
  };
}

async function findInStore(
  store: TaxiiStore,
  collectionId: string,
  ids: readonly string[],
): Promise<readonly StixObject[]> {
  const found: StixObject[] = [];
  if (ids.length === 0) return found;
  for (let afterUs = 0; ; ) {
    const page = await store.readObjects(collectionId, { ...EVERYTHING, ids, afterUs });
    found.push(...page.objects.map(({ json }) => JSON.parse(json) as StixObject));
    if (!page.hasMore) return found;
    afterUs = page.objects.at(-1)!.addedUs;
  }
}
