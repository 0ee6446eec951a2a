import { type Json, systemClock } from '@phalanx/core';
import { refuse } from '../../coalition-error.js';
import type { StixObject } from '../../stix/stix-object.js';
import { validateObject } from '../../stix/validate-object.js';
import { CLIENT_LIMITS } from './client-limits.js';
import { isSameTime, type PostedObject, postObjects, versionOf } from './object-posting.js';
import { type PagedList, readPages } from './page-reading.js';
import type { ReadCheckpoint } from './read-checkpoint.js';
import { ALL_VERSIONS, listManifest, listObjects, listVersions } from './remote-lists.js';
import { readUnreadable } from './salvaged-page.js';
import { askServer, raiseFault, refuseAnswer, type TaxiiConnection } from './taxii-exchange.js';
import {
  endWithSlash,
  type ManifestRecord,
  type RemoteCollection,
  type RemoteDiscovery,
  type RemoteRoot,
  readCollection,
  readCollections,
  readDiscovery,
  readRoot,
  toManifestRecord,
  toObject,
} from './taxii-resources.js';

/** Something in a page that is no valid object of STIX 2.1, or cannot be read: then `item` is a text that says so. */
export interface RefusedItem {
  readonly item: Json;
  /** Null where it has none. */
  readonly id: string | null;
  readonly why: string;
}

/** Objects that came, each valid by `validateObject`. Whether they are signed, true or new is not looked at. */
export interface RemoteObjects {
  readonly objects: readonly StixObject[];
  readonly refused: readonly RefusedItem[];
  /** None of them was added after this, in microseconds; null where the server does not tell. */
  readonly addedUntilUs: number | null;
  readonly checkpoint: ReadCheckpoint;
}

export interface RemoteManifest {
  readonly records: readonly ManifestRecord[];
  readonly checkpoint: ReadCheckpoint;
}

/** Objects asked for by id in one request, and the characters of their ids: a URL has room for so many. */
const IDS_AT_ONCE = 40;
const ID_UNITS_AT_ONCE = 4_000;

/**
 * A client of one TAXII 2.1 server that does not rely on the server's being right. It asks its own origin and no other, so that what
 * `authorize` adds goes nowhere else. Addresses of collections are `<API root>/collections/<id>/`.
 *
 * All methods throw PhalanxError `COALITION_TAXII` for what the server must not answer, `retryable` when it may go well later, and
 * `COALITION_LIMIT` beyond `CLIENT_LIMITS`; and the reason of the connection's signal.
 */
export class TaxiiClient {
  readonly #connection: TaxiiConnection;
  readonly #origin: string;

  constructor(origin: URL, connection: TaxiiConnection) {
    this.#origin = origin.origin;
    this.#connection = connection;
  }

  /** Discovery at its address, `https://<host>/taxii2/` by custom; null when there is none. */
  async discover(url: URL): Promise<RemoteDiscovery | null> {
    const json = await this.#get(url);
    return json === null ? null : readDiscovery(json, url);
  }

  /** An API root; null when there is none. */
  async readRoot(root: URL): Promise<RemoteRoot | null> {
    const url = endWithSlash(root);
    const json = await this.#get(url);
    return json === null ? null : readRoot(json, url);
  }

  /** Collections of an API root. */
  async listCollections(root: URL): Promise<readonly RemoteCollection[]> {
    const json = await this.#get(new URL('collections/', endWithSlash(root)));
    return json === null ? [] : readCollections(json);
  }

  /** A collection; null when there is none, or none for who asks. */
  async findCollection(collection: URL): Promise<RemoteCollection | null> {
    const url = endWithSlash(collection);
    const json = await this.#get(url);
    if (json === null) return null;
    return readCollection(json) ?? refuseAnswer(url, 'no collection');
  }

  /**
   * All versions of all objects of a collection that were added since, in pages: see `readPages` for how none is lost. Objects may come
   * twice; none is left out that the server gives to whoever asks by the standard.
   */
  async *readAll(
    collection: URL,
    since: ReadCheckpoint | null = null,
  ): AsyncGenerator<RemoteObjects, void, undefined> {
    const base = endWithSlash(collection);
    const list = listObjects(
      this.#at(base),
      new URL('objects/', base),
      new URL('manifest/', base),
      ALL_VERSIONS,
    );
    for await (const { items, addedUntilUs, checkpoint } of readPages(list, since, this.#startUs())) {
      yield { ...sortOut(items), addedUntilUs, checkpoint };
    }
  }

  /** As `readAll`, what the collection has without the objects themselves. */
  async *readManifest(
    collection: URL,
    since: ReadCheckpoint | null = null,
  ): AsyncGenerator<RemoteManifest, void, undefined> {
    const base = endWithSlash(collection);
    const list = listManifest(this.#at(base), new URL('manifest/', base), ALL_VERSIONS);
    for await (const { items, checkpoint } of readPages(list, since, this.#startUs())) {
      yield { records: items.flatMap((item) => toManifestRecord(item) ?? []), checkpoint };
    }
  }

  /** Valid objects with these ids, in all their versions. */
  async findObjects(collection: URL, ids: readonly string[]): Promise<readonly StixObject[]> {
    const base = endWithSlash(collection);
    const found: StixObject[] = [];
    for (const asked of groupIds(ids)) {
      const filter = { ...ALL_VERSIONS, 'match[id]': asked.join(',') };
      const list = listObjects(this.#at(base), new URL('objects/', base), new URL('manifest/', base), filter);
      const objects = sortOut(await this.#readWhole(list)).objects;
      found.push(...objects.filter(({ id }) => asked.includes(id)));
    }
    return found;
  }

  /** Versions of an object as the server prints them. Empty when it has none. */
  async listVersions(collection: URL, objectId: string): Promise<readonly string[]> {
    const base = endWithSlash(collection);
    const url = new URL(`objects/${encodeURIComponent(objectId)}/versions/`, base);
    // One that is not there is 404 here, and an empty page at other servers.
    const answer = await askServer(this.#at(url), { method: 'GET', url, repeatable: true });
    if (answer.fault?.status === 404) return [];
    const items = await this.#readWhole(listVersions(this.#at(url), url));
    return items.filter((item) => typeof item === 'string');
  }

  /**
   * Sends objects; see `postObjects`.
   *
   * @returns one for each object, in their order
   */
  async post(collection: URL, objects: readonly StixObject[]): Promise<readonly PostedObject[]> {
    const base = endWithSlash(collection);
    const root = new URL('../../', base);
    const information = await this.readRoot(root);
    const target = {
      objects: new URL('objects/', base),
      status: (id: string) => new URL(`status/${encodeURIComponent(id)}/`, root),
      maxBytes: Math.min(information?.maxContentLength ?? CLIENT_LIMITS.batchBytes, CLIENT_LIMITS.batchBytes),
      findPresent: (open: readonly StixObject[]) => this.#findPresent(base, open),
    };
    return postObjects(this.#at(base), target, objects);
  }

  /** Takes all versions of an object out of this one collection, whoever has copies. False when there are none. */
  async remove(collection: URL, objectId: string): Promise<boolean> {
    const url = new URL(`objects/${encodeURIComponent(objectId)}/`, endWithSlash(collection));
    url.searchParams.set('match[version]', 'all');
    const answer = await askServer(this.#at(url), { method: 'DELETE', url, repeatable: true });
    if (answer.fault?.status === 404) return false;
    if (answer.fault !== null) raiseFault(answer.fault, url);
    return true;
  }

  /** Of a collection that may not be read, nothing is known to be there. */
  async #findPresent(base: URL, objects: readonly StixObject[]): Promise<ReadonlySet<StixObject>> {
    const present = new Set<StixObject>();
    const ids = [...new Set(objects.map(({ id }) => id))];
    let records: readonly ManifestRecord[];
    try {
      records = await this.#findRecords(base, ids);
    } catch (error) {
      this.#connection.signal?.throwIfAborted();
      if ((error as { code?: unknown }).code !== 'COALITION_TAXII') throw error;
      return present;
    }
    for (const object of objects) {
      const version = versionOf(object);
      const isThere = (record: ManifestRecord) =>
        record.id === object.id && (version === null || isSameTime(record.version, version));
      if (records.some(isThere)) present.add(object);
    }
    return present;
  }

  async #findRecords(base: URL, ids: readonly string[]): Promise<readonly ManifestRecord[]> {
    const records: ManifestRecord[] = [];
    for (const asked of groupIds(ids)) {
      const filter = { ...ALL_VERSIONS, 'match[id]': asked.join(',') };
      const items = await this.#readWhole(listManifest(this.#at(base), new URL('manifest/', base), filter));
      records.push(...items.flatMap((item) => toManifestRecord(item) ?? []));
    }
    return records;
  }

  async #readWhole(list: PagedList<Json>): Promise<readonly Json[]> {
    const all: Json[] = [];
    for await (const { items } of readPages(list, null, this.#startUs())) {
      all.push(...items);
      if (all.length > CLIENT_LIMITS.listed) {
        refuse('COALITION_LIMIT', `a list of more than ${CLIENT_LIMITS.listed}`, 'ask for less at a time');
      }
    }
    return all;
  }

  async #get(url: URL): Promise<Json | null> {
    const answer = await askServer(this.#at(url), { method: 'GET', url, repeatable: true });
    if (answer.fault?.status === 404) return null;
    return answer.fault === null ? answer.json : raiseFault(answer.fault, url);
  }

  #at(url: URL): TaxiiConnection {
    if (url.origin !== this.#origin) {
      refuse(
        'COALITION_TAXII',
        `${url.origin} is not ${this.#origin}`,
        'make a client for it, with credentials of its own',
      );
    }
    return this.#connection;
  }

  #startUs(): number {
    return (this.#connection.clock ?? systemClock).nowMs() * 1000;
  }
}

function groupIds(ids: readonly string[]): string[][] {
  const groups: string[][] = [];
  let units = Number.POSITIVE_INFINITY;
  for (const id of ids) {
    units += id.length + 1;
    if (units > ID_UNITS_AT_ONCE || groups.at(-1)!.length >= IDS_AT_ONCE) {
      groups.push([]);
      units = id.length + 1;
    }
    groups.at(-1)!.push(id);
  }
  return groups;
}

function sortOut(items: readonly Json[]): { objects: StixObject[]; refused: RefusedItem[] } {
  const objects: StixObject[] = [];
  const refused: RefusedItem[] = [];
  for (const item of items) {
    const unreadable = readUnreadable(item);
    if (unreadable !== null) {
      refused.push({ item, id: null, why: unreadable });
      continue;
    }
    const object = toObject(item);
    const [violation] =
      object === null ? [{ path: '', message: 'has no type or id' }] : validateObject(object);
    if (violation === undefined) objects.push(object!);
    else
      refused.push({
        item,
        id: object?.id ?? null,
        why: `${violation.path || 'the object'} ${violation.message}`,
      });
  }
  return { objects, refused };
}
