import type { Json } from '@phalanx/core';
import { asRecord, asTexts, type StixObject } from '../../stix/stix-object.js';
import { CLIENT_LIMITS } from './client-limits.js';
import { refuseAnswer } from './taxii-exchange.js';

/** Discovery (TAXII 2.1 section 4.1). */
export interface RemoteDiscovery {
  readonly title: string;
  /** Absolute. Those of other origins are listed, and asked by a client of their own. */
  readonly apiRoots: readonly URL[];
  readonly defaultRoot: URL | null;
}

/** API root (section 4.2). */
export interface RemoteRoot {
  readonly title: string;
  /** Null where the server names none. */
  readonly maxContentLength: number | null;
}

/** Collection (section 5.1) of another server. Rights that it does not name are not denied by that. */
export interface RemoteCollection {
  readonly id: string;
  readonly alias: string | null;
  readonly title: string;
  readonly canRead: boolean;
  readonly canWrite: boolean;
}

/** Record of a manifest (section 5.3). */
export interface ManifestRecord {
  readonly id: string;
  /** As the server prints it. */
  readonly dateAdded: string;
  readonly version: string;
  readonly mediaType: string | null;
}

/** A page of a list: what `more` and `next` say of what follows. */
export interface RemotePage {
  readonly items: readonly Json[];
  readonly more: boolean;
  readonly next: string | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** @throws PhalanxError `COALITION_TAXII` for what is none */
export function readDiscovery(json: Json, url: URL): RemoteDiscovery {
  const record = asRecord(json);
  if (record === null || (record.api_roots === undefined && record.title === undefined))
    return refuseAnswer(url, 'no discovery of TAXII');
  const toUrl = (text: string) => (URL.canParse(text, url.href) ? [endWithSlash(new URL(text, url))] : []);
  return {
    title: readText(record.title),
    apiRoots: asTexts(record.api_roots).slice(0, CLIENT_LIMITS.listed).flatMap(toUrl),
    defaultRoot: (typeof record.default === 'string' ? toUrl(record.default) : [])[0] ?? null,
  };
}

/** @throws PhalanxError `COALITION_TAXII` for what is none */
export function readRoot(json: Json, url: URL): RemoteRoot {
  const record = asRecord(json);
  if (record === null) return refuseAnswer(url, 'no API root');
  const length = record.max_content_length;
  return {
    title: readText(record.title),
    maxContentLength: typeof length === 'number' && Number.isInteger(length) && length > 0 ? length : null,
  };
}

/** Collections of a root. Members without an id are left out. */
export function readCollections(json: Json): readonly RemoteCollection[] {
  const list = asRecord(json)?.collections;
  return (Array.isArray(list) ? (list as readonly Json[]) : [])
    .slice(0, CLIENT_LIMITS.listed)
    .flatMap((member) => readCollection(member) ?? []);
}

/** Null for what is no collection. */
export function readCollection(json: Json): RemoteCollection | null {
  const record = asRecord(json);
  const id = record?.id;
  if (record === null || typeof id !== 'string' || !UUID.test(id)) return null;
  return {
    id,
    alias: typeof record.alias === 'string' ? readText(record.alias) : null,
    title: readText(record.title),
    canRead: record.can_read !== false,
    canWrite: record.can_write !== false,
  };
}

/**
 * Envelope, manifest or versions: `list` names the member with the items. An empty object is an empty page; `next` without `more` counts
 * as more.
 *
 * @throws PhalanxError `COALITION_TAXII` for anything else: an error page with status 200 must not pass for an empty collection
 */
export function readPage(json: Json, list: 'objects' | 'versions', url: URL): RemotePage {
  const record = asRecord(json);
  const items = record?.[list] ?? [];
  const isForeign =
    record !== null &&
    record[list] === undefined &&
    Object.keys(record).some((name) => !PAGE_MEMBERS.has(name));
  if (record === null || isForeign || !Array.isArray(items)) return refuseAnswer(url, `no page of ${list}`);
  const next =
    typeof record.next === 'string' && record.next !== '' && record.next.length <= CLIENT_LIMITS.textUnits
      ? record.next
      : null;
  const more = record.more === undefined || record.more === null ? next !== null : record.more !== false;
  return { items: items as readonly Json[], more, next };
}

const PAGE_MEMBERS = new Set(['more', 'next', 'id']);

/** Null for what has no type or id. */
export function toObject(item: Json): StixObject | null {
  const record = asRecord(item);
  return record !== null && typeof record.type === 'string' && typeof record.id === 'string'
    ? (record as StixObject)
    : null;
}

/** Null for what has no id, time or version. */
export function toManifestRecord(item: Json): ManifestRecord | null {
  const { id, date_added: dateAdded, version, media_type: mediaType } = asRecord(item) ?? {};
  if (typeof id !== 'string' || typeof dateAdded !== 'string' || typeof version !== 'string') return null;
  return { id, dateAdded, version, mediaType: typeof mediaType === 'string' ? mediaType : null };
}

/** What became of one object that was sent (section 4.3.1, status details). */
export interface PostDetail {
  readonly id: string;
  readonly version: string | null;
  readonly message: string;
}

/** Status of a POST (section 4.3). */
export interface PostStatus {
  readonly id: string;
  readonly isComplete: boolean;
  readonly failures: readonly PostDetail[];
  readonly pendings: readonly PostDetail[];
  readonly failureCount: number;
  readonly pendingCount: number;
}

/** Null for what is no status: some servers answer with something else, or nothing. */
export function readStatus(json: Json): PostStatus | null {
  const record = asRecord(json);
  if (record === null || typeof record.id !== 'string' || typeof record.status !== 'string') return null;
  const [failures, pendings] = [record.failures, record.pendings].map((list) =>
    (Array.isArray(list) ? (list as readonly Json[]) : []).flatMap((detail): PostDetail[] => {
      const { id, version, message } = asRecord(detail) ?? {};
      if (typeof id !== 'string') return [];
      return [{ id, version: typeof version === 'string' ? version : null, message: readText(message) }];
    }),
  ) as [PostDetail[], PostDetail[]];
  const count = (value: Json | undefined, least: number) => (typeof value === 'number' ? value : least);
  return {
    id: record.id,
    isComplete: record.status === 'complete',
    failures,
    pendings,
    failureCount: count(record.failure_count, failures.length),
    pendingCount: count(record.pending_count, pendings.length),
  };
}

function readText(value: Json | undefined): string {
  return typeof value === 'string' ? value.slice(0, CLIENT_LIMITS.textUnits) : '';
}

/** Relative references below it need the slash at its end (section 1.6.4). */
export function endWithSlash(url: URL): URL {
  const slashed = new URL(url);
  if (!slashed.pathname.endsWith('/')) slashed.pathname += '/';
  slashed.search = '';
  slashed.hash = '';
  return slashed;
}
