import { openToRead } from '../collection-access.js';
import { answerPage, type PageForm } from '../object-pages.js';
import type { Endpoint } from '../taxii-request.js';

const FORM: PageForm = {
  endpoint: 'objects',
  fields: ['id', 'type', 'version', 'spec_version'],
  read: 'readObjects',
  list: 'objects',
  show: ({ json }) => json,
};

/** Section 5.4: `GET /{root}/collections/{id}/objects/`. */
export const getObjects: Endpoint = async (asked) => answerPage(asked, await openToRead(asked), FORM);
