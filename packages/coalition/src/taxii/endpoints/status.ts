import { openRoot } from '../collection-access.js';
import { answerText } from '../taxii-answer.js';
import { refuseRequest } from '../taxii-refusal.js';
import type { Endpoint } from '../taxii-request.js';

/** Section 4.3: `GET /{root}/status/{id}/`. Of the member's own requests, for 24 hours at least. */
export const getStatus: Endpoint = async (asked) => {
  const { path } = await openRoot(asked);
  const { hub, caller, names } = asked;
  const status = await hub.store.findStatus(path, caller.member.id, names.status);
  return status === null ? refuseRequest(404, 'no such status') : answerText(200, status.json);
};
