import { openToRead } from '../collection-access.js';
import { formatMicroseconds } from '../microseconds.js';
import { answerPage, type PageForm } from '../object-pages.js';
import type { Endpoint } from '../taxii-request.js';

const FORM: PageForm = {
  endpoint: 'manifest',
  fields: ['id', 'type', 'version', 'spec_version'],
  read: 'readManifest',
  list: 'objects',
  show: ({ id, addedUs, versionText, mediaType }) =>
    JSON.stringify({
      id,
      date_added: formatMicroseconds(addedUs),
      version: versionText,
      media_type: mediaType,
    }),
};

/** Section 5.3: `GET /{root}/collections/{id}/manifest/`. With `next`, which others leave out. */
export const getManifest: Endpoint = async (asked) => answerPage(asked, await openToRead(asked), FORM);
