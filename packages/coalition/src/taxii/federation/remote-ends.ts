import { digestObject } from '../../stix/object-digest.js';
import type { PostedObject } from '../client/object-posting.js';
import type { TaxiiClient } from '../client/taxii-client.js';
import type { MirrorSource, MirrorTarget, TargetResult } from './mirror-ends.js';

/** A collection of another server, read. */
export function readRemote(client: TaxiiClient, collection: URL): MirrorSource {
  return {
    read: (since) => client.readAll(collection, since),
    find: (ids) => client.findObjects(collection, ids),
  };
}

const OUTCOMES: Readonly<Record<PostedObject['outcome'], TargetResult['outcome']>> = {
  accepted: 'added',
  present: 'present',
  refused: 'refused',
  unknown: 'open',
};

/** A collection of another server, written to. `canRead`: as the server says of it; what may not be read cannot be compared with. */
export function writeRemote(client: TaxiiClient, collection: URL, canRead: boolean): MirrorTarget {
  return {
    find: async (ids) => (canRead && ids.length > 0 ? client.findObjects(collection, ids) : []),
    async add(objects) {
      if (objects.length === 0) return [];
      const posted = await client.post(collection, objects);
      const present = posted.flatMap(({ object, outcome }) => (outcome === 'present' ? [object.id] : []));
      const there = new Set((await this.find(present)).map(digestObject));
      return posted.map(({ object, outcome, message: why }): TargetResult => {
        const isOther = outcome === 'present' && canRead && !there.has(digestObject(object));
        return isOther
          ? { outcome: 'differs', why: 'the same version is there with other content' }
          : { outcome: OUTCOMES[outcome], why };
      });
    },
  };
}
