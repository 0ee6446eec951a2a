import type { StixObject } from '../../stix/stix-object.js';
import { openCollection } from '../collection-access.js';
import { isChained } from '../continued-version.js';
import { readNamed } from '../named-objects.js';
import { readFilter } from '../object-filter.js';
import { answerText } from '../taxii-answer.js';
import { refuseRequest } from '../taxii-refusal.js';
import type { Endpoint } from '../taxii-request.js';

/**
 * Section 5.7: `DELETE /{root}/collections/{id}/objects/{object}/`. Without `match[version]` the last version. Members remove
 * what they sent themselves. Two things stay: marking definitions, since what is marked with them depends on them; and a part
 * of a chain of versions, since with the end of one that says `revoked` its beginning would count again. The whole chain may go
 * (`match[version]=all`).
 */
export const deleteObject: Endpoint = async (asked) => {
  const { hub, caller, names } = asked;
  const collection = await openCollection(asked);
  if (!collection.canRead || !collection.canWrite) {
    refuseRequest(403, 'whoever deletes must be allowed to read and to write');
  }
  const filter = readFilter(asked.query, ['version', 'spec_version']);
  if (names.object.startsWith('marking-definition--')) {
    refuseRequest(403, 'marking definitions stay, since objects depend on them');
  }
  const removed = await hub.turns.take(collection.id, async () => {
    if (!filter.versions.includes('all') && (await isAnyChained(asked, collection.id))) {
      refuseRequest(403, 'a chain of versions is deleted whole, with match[version]=all, or revoked');
    }
    return hub.store.removeObject(collection.id, names.object, filter, caller.member.id);
  });
  return removed === 0 ? refuseRequest(404, 'no such object of yours') : answerText(200, '');
};

async function isAnyChained(
  { hub, caller, names }: Parameters<Endpoint>[0],
  collectionId: string,
): Promise<boolean> {
  const objects = await readNamed(hub.store, collectionId, null, [names.object], 'all');
  return objects.some(
    ({ json, memberId }) => memberId === caller.member.id && isChained(JSON.parse(json) as StixObject),
  );
}
