import { randomInt } from 'node:crypto';
import { type Clock, systemClock } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { formatMicroseconds } from './microseconds.js';
import { isDecided, isThere } from './reader-sight.js';
import type {
  AddResult,
  ApiRoot,
  Collection,
  NewObject,
  ObjectPage,
  ObjectQuery,
  StoredObject,
  StoredStatus,
  TaxiiStore,
  VersionQuery,
} from './taxii-store.js';
import { selectVersions } from './version-selection.js';

/** What a member may do with a collection. */
export type CollectionRights = 'read' | 'write' | 'read-write';

/** A collection as an operator makes it. */
export interface NewCollection {
  readonly id: string;
  readonly title: string;
  readonly alias?: string;
  readonly description?: string;
  /** Default: STIX 2.1. */
  readonly mediaTypes?: readonly string[];
  /** By member. */
  readonly rights: Readonly<Record<string, CollectionRights>>;
  /** Whether members without rights see that it is there. Default false. */
  readonly isAnnounced?: boolean;
}

type Row = Omit<StoredObject, 'contested'>;

interface MemoryCollection extends NewCollection {
  readonly rootPath: string;
  /** In the order of `addedUs`. */
  readonly rows: Row[];
  readonly byId: Map<string, Row[]>;
  /** Of all that was ever added. */
  lastUs: number;
}

const STATUS_US = 24 * 3600 * 1e6;
const STIX_21 = 'application/stix+json;version=2.1';

/** Collections in memory, for tests and demonstrations: it forgets. Says in code what `TaxiiStore` says in words. */
export class MemoryTaxiiStore implements TaxiiStore {
  readonly #clock: Clock;
  readonly #roots = new Map<string, ApiRoot & { readonly isOpen: boolean }>();
  readonly #collections = new Map<string, MemoryCollection>();
  readonly #statuses = new Map<string, StoredStatus>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** `isOpen`: members see the root without a collection in it. */
  addApiRoot(root: ApiRoot, isOpen = false): void {
    this.#roots.set(root.path, { ...root, isOpen });
  }

  addCollection(rootPath: string, collection: NewCollection): void {
    if (!this.#roots.has(rootPath)) refuse('COALITION_TAXII', `no API root ${rootPath}`, 'add it first');
    this.#collections.set(collection.id, { ...collection, rootPath, rows: [], byId: new Map(), lastUs: 0 });
  }

  async listApiRoots(memberId: string): Promise<readonly ApiRoot[]> {
    return [...this.#roots.values()]
      .filter(({ path, isOpen }) => isOpen || this.#visibleIn(path, memberId).length > 0)
      .map(({ isOpen: _isOpen, ...root }) => root)
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async findApiRoot(path: string, memberId: string): Promise<ApiRoot | null> {
    return (await this.listApiRoots(memberId)).find((root) => root.path === path) ?? null;
  }

  async listCollections(rootPath: string, memberId: string): Promise<readonly Collection[]> {
    return this.#visibleIn(rootPath, memberId);
  }

  async findCollection(rootPath: string, idOrAlias: string, memberId: string): Promise<Collection | null> {
    const seen = this.#visibleIn(rootPath, memberId);
    return seen.find(({ id }) => id === idOrAlias) ?? seen.find(({ alias }) => alias === idOrAlias) ?? null;
  }

  async readObjects(collectionId: string, query: ObjectQuery): Promise<ObjectPage> {
    return readPage(this.#open(collectionId), query);
  }

  async readManifest(collectionId: string, query: ObjectQuery): Promise<ObjectPage> {
    const { objects, hasMore } = readPage(this.#open(collectionId), query);
    const bare = objects.map((row) => (isDecided(row, query.reader) ? { ...row, json: '' } : row));
    return { objects: bare, hasMore };
  }

  async findMarkings(collectionId: string, ids: readonly string[]): Promise<readonly string[]> {
    const { byId } = this.#open(collectionId);
    return [...new Set(ids)].flatMap((id) => {
      const first = byId.get(id)?.find(({ type }) => type === 'marking-definition');
      return first === undefined ? [] : [first.json];
    });
  }

  async addObjects(collectionId: string, objects: readonly NewObject[]): Promise<readonly AddResult[]> {
    const collection = this.#open(collectionId);
    return objects.map((object) => addObject(collection, object, this.#clock.nowMs() * 1000));
  }

  async removeObject(
    collectionId: string,
    objectId: string,
    query: VersionQuery,
    memberId: string | null,
  ): Promise<number> {
    const { rows, byId } = this.#open(collectionId);
    const sent = (byId.get(objectId) ?? []).filter((row) => memberId === null || row.memberId === memberId);
    const chosen = new Set(selectVersions(sent, query));
    const left = (byId.get(objectId) ?? []).filter((row) => !chosen.has(row));
    if (left.length > 0) byId.set(objectId, left);
    else byId.delete(objectId);
    for (const row of chosen) rows.splice(rows.indexOf(row), 1);
    return chosen.size;
  }

  async putStatus(rootPath: string, memberId: string, status: StoredStatus): Promise<void> {
    for (const [key, { requestUs }] of this.#statuses) {
      if (requestUs < status.requestUs - STATUS_US) this.#statuses.delete(key);
    }
    this.#statuses.set(JSON.stringify([rootPath, memberId, status.id]), status);
  }

  async findStatus(rootPath: string, memberId: string, statusId: string): Promise<StoredStatus | null> {
    return this.#statuses.get(JSON.stringify([rootPath, memberId, statusId])) ?? null;
  }

  #visibleIn(rootPath: string, memberId: string): Collection[] {
    return [...this.#collections.values()]
      .filter((one) => one.rootPath === rootPath && (one.isAnnounced || Object.hasOwn(one.rights, memberId)))
      .map((one) => {
        const rights = Object.hasOwn(one.rights, memberId) ? one.rights[memberId]! : '';
        return {
          id: one.id,
          alias: one.alias ?? null,
          title: one.title,
          description: one.description ?? null,
          mediaTypes: one.mediaTypes ?? [STIX_21],
          canRead: rights.startsWith('read'),
          canWrite: rights.endsWith('write'),
        };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #open(collectionId: string): MemoryCollection {
    return (
      this.#collections.get(collectionId) ??
      refuse('COALITION_TAXII', 'no such collection', 'look for it with findCollection')
    );
  }
}

function readPage({ rows, byId }: MemoryCollection, query: ObjectQuery): ObjectPage {
  const { ids, reader } = query;
  const among =
    ids === null
      ? rows
      : [...new Set(ids)].flatMap((id) => byId.get(id) ?? []).sort((a, b) => a.addedUs - b.addedUs);
  const objects: StoredObject[] = [];
  let bytes = 0;
  for (let at = findAfter(among, query.afterUs); at < among.length; at++) {
    const row = among[at]!;
    if (!isThere(row, reader) || !(query.types?.includes(row.type) ?? true)) continue;
    const versions = byId.get(row.id)!.filter((version) => isThere(version, reader));
    if (!selectVersions(versions, query, (version) => isDecided(version, reader)).includes(row)) continue;
    if (objects.length === query.limit || bytes > query.maxBytes) return { objects, hasMore: true };
    bytes += Buffer.byteLength(row.json);
    objects.push({ ...row, contested: !selectVersions(versions, query).includes(row) });
  }
  return { objects, hasMore: false };
}

/** Where the first row added after a time stands. */
function findAfter(rows: readonly Row[], afterUs: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.addedUs > afterUs) high = middle;
    else low = middle + 1;
  }
  return low;
}

function addObject(collection: MemoryCollection, object: NewObject, nowUs: number): AddResult {
  const { rows, byId, lastUs } = collection;
  const versions = byId.get(object.id) ?? [];
  const { addedUs: importedUs = nowUs, versionUs, versionText, ...rest } = object;
  if (versionUs === null) {
    if (versions.some(({ json }) => json === object.json)) return 'present';
  } else {
    const same = versions.find((version) => version.versionUs === versionUs);
    if (same !== undefined) return same.json === object.json ? 'present' : 'differs';
  }
  const addedUs = importedUs > lastUs ? importedUs : lastUs + randomInt(1, 257);
  const row: Row = {
    ...rest,
    addedUs,
    versionUs: versionUs ?? addedUs,
    versionText: versionText ?? formatMicroseconds(addedUs),
  };
  rows.push(row);
  collection.lastUs = addedUs;
  byId.set(object.id, [...versions, row]);
  return 'added';
}
