import { answerResource } from '../taxii-answer.js';
import type { Endpoint } from '../taxii-request.js';

/** Section 4.1: `GET /taxii2/`. Roots that the member may see. */
export const getDiscovery: Endpoint = async ({ hub, caller }) => {
  const roots = await hub.store.listApiRoots(caller.member.id);
  const urlOf = ({ path }: { readonly path: string }) => `${hub.publicUrl}/${path}/`;
  const standard = roots.find(({ isDefault }) => isDefault);
  return answerResource(200, {
    title: hub.title,
    ...(hub.description === null ? {} : { description: hub.description }),
    ...(hub.contact === null ? {} : { contact: hub.contact }),
    ...(standard === undefined ? {} : { default: urlOf(standard) }),
    ...(roots.length === 0 ? {} : { api_roots: roots.map(urlOf) }),
  });
};
