import { refuseRequest } from './taxii-refusal.js';
import type { TaxiiRequest } from './taxii-request.js';
import type { ApiRoot, Collection } from './taxii-store.js';

/** The API root that a request names. @throws TaxiiRefusal 404 for one that is not there for this member */
export async function openRoot({ hub, caller, names }: TaxiiRequest): Promise<ApiRoot> {
  const root = await hub.store.findApiRoot(names.root, caller.member.id);
  return root ?? refuseRequest(404, 'no such API root');
}

/** The collection that a request names, whatever the member may do with it. @throws TaxiiRefusal 404 */
export async function openCollection(asked: TaxiiRequest): Promise<Collection> {
  const { hub, caller, names } = asked;
  await openRoot(asked);
  const collection = await hub.store.findCollection(names.root, names.collection, caller.member.id);
  return collection ?? refuseRequest(404, 'no such collection');
}

/** @throws TaxiiRefusal 404; 403 for one that the member knows of and may not read */
export async function openToRead(asked: TaxiiRequest): Promise<Collection> {
  const collection = await openCollection(asked);
  return collection.canRead ? collection : refuseRequest(403, 'the collection may not be read');
}

/** @throws TaxiiRefusal 404; 403 for one that the member knows of and may not write */
export async function openToWrite(asked: TaxiiRequest): Promise<Collection> {
  const collection = await openCollection(asked);
  return collection.canWrite ? collection : refuseRequest(403, 'the collection may not be written');
}
