import { canonicalJson, type Json } from '@phalanx/core';
import { asRecord } from '../../stix/stix-object.js';
import { formatMicroseconds } from '../microseconds.js';
import { type DateAdded, parseDateAdded } from './date-added.js';
import type { PageAnswer, PagedList, PageQuery } from './page-reading.js';
import { keyOf } from './read-checkpoint.js';
import {
  askServer,
  raiseFault,
  refuseAnswer,
  type TaxiiConnection,
  type TaxiiFault,
} from './taxii-exchange.js';
import { readPage, toManifestRecord } from './taxii-resources.js';

/** A filter of TAXII 2.1 section 3.4, without `added_after`, `limit` and `next`. */
export type RemoteFilter = Readonly<Record<string, string>>;

export const ALL_VERSIONS: RemoteFilter = { 'match[version]': 'all' };

/** Objects of a collection (`<collection>/objects/`), or versions of one (`<collection>/objects/<id>/`), as JSON. */
export function listObjects(
  connection: TaxiiConnection,
  url: URL,
  manifest: URL,
  filter: RemoteFilter,
): PagedList<Json> {
  return {
    ...makeList(connection, url, 'objects', filter, () => null),
    keyOf: (item) => keyOf(canonicalJson(item)),
    findLast: (items) => findTime(connection, manifest, items.at(-1)),
  };
}

/** Records of a manifest. Their own times stand in for headers. */
export function listManifest(connection: TaxiiConnection, url: URL, filter: RemoteFilter): PagedList<Json> {
  return {
    ...makeList(connection, url, 'objects', filter, (item) => parseDateAdded(asRecord(item)?.date_added)),
    keyOf: (item) => keyOf(canonicalJson(item)),
    findLast: async () => null,
  };
}

/** Versions of one object (`<collection>/objects/<id>/versions/`). */
export function listVersions(connection: TaxiiConnection, url: URL): PagedList<Json> {
  return {
    ...makeList(connection, url, 'versions', {}, () => null),
    keyOf: (item) => keyOf(canonicalJson(item)),
    findLast: async () => null,
  };
}

function makeList(
  connection: TaxiiConnection,
  base: URL,
  name: 'objects' | 'versions',
  filter: RemoteFilter,
  timeOf: (item: Json) => DateAdded | null,
): Pick<PagedList<Json>, 'ask' | 'raise' | 'refuse'> {
  return {
    ask: async (query) =>
      askPage(connection, addQuery(base, query, filter), query.next === null, name, timeOf),
    raise: (fault) => raiseFault(fault, base),
    refuse: (what) => refuseAnswer(base, what),
  };
}

async function askPage(
  connection: TaxiiConnection,
  url: URL,
  repeatable: boolean,
  name: 'objects' | 'versions',
  timeOf: (item: Json) => DateAdded | null,
): Promise<PageAnswer<Json> | { readonly fault: TaxiiFault }> {
  const answer = await askServer(connection, { method: 'GET', url, repeatable });
  if (answer.fault !== null) return answer;
  const page = readPage(answer.json, name, url);
  const times = page.items.map(timeOf).filter((time) => time !== null);
  const headers = ['x-taxii-date-added-first', 'x-taxii-date-added-last'].map((header) =>
    parseDateAdded(answer.headers.get(header)),
  );
  return {
    ...page,
    first: headers[0] ?? times.reduce(earlier, null),
    last: headers[1] ?? times.reduce(later, null),
    fault: null,
  };
}

function earlier(a: DateAdded | null, b: DateAdded): DateAdded {
  return a === null || b.us < a.us ? b : a;
}

function later(a: DateAdded | null, b: DateAdded): DateAdded {
  return a === null || b.us > a.us ? b : a;
}

/** `limit` goes with `next` too: medallion 3.0.0 answers 500 to one without the other. */
function addQuery(base: URL, { afterUs, next, limit }: PageQuery, filter: RemoteFilter): URL {
  const url = new URL(base);
  if (afterUs !== null) url.searchParams.set('added_after', formatMicroseconds(afterUs));
  if (limit !== null) url.searchParams.set('limit', `${limit}`);
  for (const [name, value] of Object.entries(filter)) url.searchParams.set(name, value);
  if (next !== null) url.searchParams.set('next', next);
  return url;
}

/** When an object was added, by the manifest: its own version, else the latest. */
async function findTime(
  connection: TaxiiConnection,
  manifest: URL,
  item: Json | undefined,
): Promise<DateAdded | null> {
  const { id, modified, created } = asRecord(item) ?? {};
  if (typeof id !== 'string') return null;
  const url = addQuery(
    manifest,
    { afterUs: null, next: null, limit: null },
    { 'match[id]': id, ...ALL_VERSIONS },
  );
  const answer = await askServer(connection, { method: 'GET', url, repeatable: true });
  if (answer.fault !== null) return null;
  const records = readPage(answer.json, 'objects', url)
    .items.flatMap((record) => toManifestRecord(record) ?? [])
    .filter((record) => record.id === id);
  const own = records.filter(({ version }) => version === modified || version === created);
  return (own.length > 0 ? own : records)
    .flatMap(({ dateAdded }) => parseDateAdded(dateAdded) ?? [])
    .reduce(later, null);
}
