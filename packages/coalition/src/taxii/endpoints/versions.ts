import { openToRead } from '../collection-access.js';
import { answerPage } from '../object-pages.js';
import type { Endpoint } from '../taxii-request.js';

/** Section 5.8: `GET /{root}/collections/{id}/objects/{object}/versions/`. */
export const getVersions: Endpoint = async (asked) =>
  answerPage(asked, await openToRead(asked), {
    endpoint: 'versions',
    fields: ['spec_version'],
    read: 'readManifest',
    list: 'versions',
    show: ({ versionText }) => JSON.stringify(versionText),
    fixed: { ids: [asked.names.object], versions: ['all'] },
  });
