import { TLP_LEVELS } from '../stix/marking/tlp.js';
import { formatMicroseconds } from './microseconds.js';
import { type MatchField, type ObjectFilter, readFilter } from './object-filter.js';
import { openCursor, sealCursor } from './page-cursor.js';
import { ReaderJudge } from './reader-judge.js';
import { answerText } from './taxii-answer.js';
import { SPEC_VERSIONS, TAXII_LIMITS } from './taxii-limits.js';
import { refuseRequest } from './taxii-refusal.js';
import type { TaxiiRequest } from './taxii-request.js';
import type { Collection, StoredObject } from './taxii-store.js';
import { readVisiblePage, type VisiblePage } from './visible-page.js';

/** How an endpoint reads a collection, and what it shows of an object. */
export interface PageForm {
  /** Part of what a cursor is good for. */
  readonly endpoint: string;
  readonly fields: readonly MatchField[];
  readonly read: 'readObjects' | 'readManifest';
  /** The member that lists them. */
  readonly list: 'objects' | 'versions';
  /** JSON of an object in that list. */
  readonly show: (object: StoredObject) => string;
  /** What the query of the URL cannot ask for. */
  readonly fixed?: Partial<Pick<ObjectFilter, 'ids' | 'versions'>>;
}

/**
 * A page of a collection: sections 5.3, 5.4, 5.6 and 5.8 of TAXII 2.1 differ in the form only.
 *
 * @throws TaxiiRefusal 400 for filters and cursors that are none; 404 where `fixed.ids` names nothing that the reader may see
 */
export async function answerPage(
  asked: TaxiiRequest,
  collection: Collection,
  form: PageForm,
): Promise<Response> {
  const filter = readFilter(asked.query, form.fields);
  const { hub, caller } = asked;
  const ids = form.fixed?.ids ?? filter.ids;
  const use = JSON.stringify([form.endpoint, collection.id, ids, caller.member.id, filter.digest]);
  const position = filter.next === null ? 0 : openCursor(hub.cursorKey, filter.next, use);
  const asFixed = { ...filter, ...form.fixed, afterUs: Math.max(filter.afterUs, position) };
  const page = await readPage(asked, collection, form.read, asFixed);
  if (page.objects.length === 0 && page.nextUs === null && form.fixed?.ids !== undefined) {
    await requireAny(asked, collection, asFixed);
  }
  return formatPage(page, form, (positionUs) => sealCursor(hub.cursorKey, positionUs, use));
}

function formatPage(
  { objects, nextUs }: VisiblePage,
  form: PageForm,
  seal: (us: number) => string,
): Response {
  const list = objects.map(form.show).join(',');
  const members = [
    nextUs === null ? '"more":false' : `"more":true,"next":"${seal(nextUs)}"`,
    ...(objects.length === 0 ? [] : [`"${form.list}":[${list}]`]),
  ];
  const isEmpty = objects.length === 0 && nextUs === null;
  return answerText(200, isEmpty ? '{}' : `{${members.join(',')}}`, showDates(objects));
}

/** When the first and the last of them were added (section 3.5). */
function showDates(objects: readonly StoredObject[]): Record<string, string> {
  if (objects.length === 0) return {};
  return {
    'x-taxii-date-added-first': formatMicroseconds(objects[0]!.addedUs),
    'x-taxii-date-added-last': formatMicroseconds(objects.at(-1)!.addedUs),
  };
}

async function readPage(
  { hub, caller, atMs }: TaxiiRequest,
  collection: Collection,
  read: PageForm['read'],
  { afterUs, limit, ids, types, versions, specVersions }: ObjectFilter,
): Promise<VisiblePage> {
  const { identity, clearance } = caller.member;
  const reader = { clearance: TLP_LEVELS.indexOf(clearance), identity };
  const recipient = { clearance, identity, encrypted: caller.encrypted, atMs };
  const judge = new ReaderJudge(hub.store, collection.id, reader, recipient);
  const maxBytes = TAXII_LIMITS.pageBytes;
  const query = { reader, afterUs, limit, maxBytes, ids, types, versions, specVersions };
  return readVisiblePage(hub.store, collection.id, query, judge, read);
}

/** An object of which the filters leave nothing is there; one that the reader may not see is not. */
async function requireAny(asked: TaxiiRequest, collection: Collection, filter: ObjectFilter): Promise<void> {
  const any = { ...filter, afterUs: 0, limit: 1, versions: ['all'] as const, specVersions: SPEC_VERSIONS };
  const { objects } = await readPage(asked, collection, 'readManifest', any);
  if (objects.length === 0) refuseRequest(404, 'no such object');
}
