import type { Json } from '@phalanx/core';
import { openCollection, openRoot } from '../collection-access.js';
import { answerResource } from '../taxii-answer.js';
import type { Endpoint } from '../taxii-request.js';
import type { Collection } from '../taxii-store.js';

/** Section 5.1: `GET /{root}/collections/`, sorted by id. */
export const getCollections: Endpoint = async (asked) => {
  const { path } = await openRoot(asked);
  const collections = await asked.hub.store.listCollections(path, asked.caller.member.id);
  return answerResource(
    200,
    collections.length === 0 ? {} : { collections: collections.map(showCollection) },
  );
};

/** Section 5.2: `GET /{root}/collections/{id}/`. */
export const getCollection: Endpoint = async (asked) =>
  answerResource(200, showCollection(await openCollection(asked)));

function showCollection({ id, alias, title, description, mediaTypes, canRead, canWrite }: Collection): Json {
  return {
    id,
    title,
    ...(description === null ? {} : { description }),
    ...(alias === null ? {} : { alias }),
    can_read: canRead,
    can_write: canWrite,
    media_types: [...mediaTypes],
  };
}
