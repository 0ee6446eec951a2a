import { openRoot } from '../collection-access.js';
import { answerResource, TAXII_MEDIA_TYPE } from '../taxii-answer.js';
import { TAXII_LIMITS } from '../taxii-limits.js';
import type { Endpoint } from '../taxii-request.js';

/** Section 4.2: `GET /{root}/`. */
export const getApiRoot: Endpoint = async (asked) => {
  const { title, description } = await openRoot(asked);
  return answerResource(200, {
    title,
    ...(description === null ? {} : { description }),
    versions: [TAXII_MEDIA_TYPE],
    max_content_length: TAXII_LIMITS.bodyBytes,
  });
};
