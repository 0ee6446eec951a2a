import { openToRead } from '../collection-access.js';
import { answerPage } from '../object-pages.js';
import type { Endpoint } from '../taxii-request.js';

/** Section 5.6: `GET /{root}/collections/{id}/objects/{object}/`. */
export const getObject: Endpoint = async (asked) =>
  answerPage(asked, await openToRead(asked), {
    endpoint: 'object',
    fields: ['version', 'spec_version'],
    read: 'readObjects',
    list: 'objects',
    show: ({ json }) => json,
    fixed: { ids: [asked.names.object] },
  });
