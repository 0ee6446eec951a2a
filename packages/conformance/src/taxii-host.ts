import { randomBytes } from 'node:crypto';
import type { Caller } from '@phalanx/coalition/identity';
import {
  type ApiRoot,
  type CollectionRights,
  MemoryTaxiiStore,
  type NewCollection,
  type NewObject,
  parseMicroseconds,
  TaxiiServer,
  type TaxiiStore,
} from '@phalanx/coalition/taxii';
import { type Listener, listen } from '@phalanx/core';
import { openTemporaryControlStore } from '@phalanx/store/temporary';

export const USER = {
  id: 'admin',
  password: 'Password0',
  identity: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
};
/** Of HTTP Basic (RFC 7617). */
export const AUTHORIZATION = `Basic ${Buffer.from(`${USER.id}:${USER.password}`).toString('base64')}`;
const CALLER: Caller = {
  member: { id: USER.id, identity: USER.identity, clearance: 'red', roles: ['lab'], suspendedAtMs: null },
  method: 'basic',
  encrypted: false,
};
/** Where the reference server's own data says that it is. */
const PUBLIC_URL = 'http://localhost:5000';
const PLENTY = { burst: 1e9, perSecond: 1e9 };

/** Our TAXII server for that one user, or for nobody, without a socket. */
export function answerTaxii(store: TaxiiStore): (request: Request) => Promise<Response> {
  const server = new TaxiiServer({
    store,
    publicUrl: PUBLIC_URL,
    title: 'Phalanx',
    cursorKey: randomBytes(32),
    challenge: 'Basic realm="taxii", charset="UTF-8"',
    reads: PLENTY,
    writes: PLENTY,
  });
  return (request) =>
    server.handle(request, request.headers.get('authorization') === AUTHORIZATION ? CALLER : null);
}

/** The same on a free port. */
export function hostTaxii(store: TaxiiStore): Promise<Listener> {
  return listen(answerTaxii(store), { host: '127.0.0.1', port: 0, maxBodyBytes: 16 * 1024 * 1024 });
}

/** A store that is empty, and what an operator needs of it. */
export interface EmptyStore {
  readonly store: TaxiiStore;
  readonly addApiRoot: (root: ApiRoot, isOpen: boolean) => void | Promise<void>;
  readonly addCollection: (rootPath: string, collection: NewCollection) => void | Promise<void>;
  readonly close: () => Promise<void>;
}

/** Stores that are judged, by name. */
export const STORES: Readonly<Record<string, () => Promise<EmptyStore>>> = {
  memory: async () => {
    const store = new MemoryTaxiiStore();
    return {
      store,
      addApiRoot: (root, isOpen) => store.addApiRoot(root, isOpen),
      addCollection: (rootPath, collection) => store.addCollection(rootPath, collection),
      close: async () => undefined,
    };
  },
  PGlite: async () => {
    const control = await openTemporaryControlStore();
    const store = control.taxii;
    return {
      store,
      addApiRoot: (root, isOpen) => store.putApiRoot(root, isOpen),
      addCollection: (rootPath, collection) => store.putCollection(rootPath, collection),
      close: () => control.close(),
    };
  },
};

interface SeedObject {
  readonly id: string;
  readonly type: string;
  readonly created: string;
  readonly modified?: string;
}

/** The data that medallion's own tests begin with (`default_data.json`). */
export interface MedallionSeed {
  readonly [root: string]: {
    readonly information?: { readonly title: string; readonly description?: string };
    readonly status?: readonly { readonly id: string }[];
    readonly collections?: readonly {
      readonly id: string;
      readonly title: string;
      readonly description?: string;
      readonly can_read: boolean;
      readonly can_write: boolean;
      readonly media_types: readonly string[];
      readonly objects: readonly SeedObject[];
      readonly manifest: readonly {
        readonly id: string;
        readonly version: string;
        readonly date_added: string;
        readonly media_type: string;
      }[];
    }[];
  };
}

/** Fills a store with that data: additions at their times, rights as given, statuses as they stand. */
export async function seedStore(
  { store, addApiRoot, addCollection }: EmptyStore,
  seed: MedallionSeed,
): Promise<void> {
  for (const [path, { information, status = [], collections = [] }] of Object.entries(seed)) {
    if (information === undefined) continue;
    const { title, description = null } = information;
    await addApiRoot({ path, title, description, isDefault: path === 'trustgroup1' }, true);
    for (const one of status) {
      await store.putStatus(path, USER.id, {
        id: one.id,
        requestUs: Date.now() * 1000,
        json: JSON.stringify(one),
      });
    }
    for (const { can_read, can_write, media_types, objects, manifest, ...collection } of collections) {
      const rights = can_read ? (can_write ? 'read-write' : 'read') : can_write ? 'write' : null;
      const granted: Record<string, CollectionRights> = rights === null ? {} : { [USER.id]: rights };
      await addCollection(path, {
        ...collection,
        mediaTypes: media_types,
        rights: granted,
        isAnnounced: true,
      });
      await store.addObjects(
        collection.id,
        manifest.map((record) => readSeedObject(objects, record)),
      );
    }
  }
}

function readSeedObject(
  objects: readonly SeedObject[],
  {
    id,
    version,
    date_added,
    media_type,
  }: { id: string; version: string; date_added: string; media_type: string },
): NewObject {
  const object = objects.find((one) => one.id === id && (one.modified ?? one.created) === version);
  if (object === undefined) throw new Error(`no object ${id} of version ${version}`);
  return {
    id,
    type: object.type,
    createdByRef: null,
    memberId: USER.id,
    versionUs: parseMicroseconds(version),
    versionText: version,
    specVersion: media_type.slice(media_type.indexOf('=') + 1),
    mediaType: media_type,
    json: JSON.stringify(object),
    clearance: 0,
    addedUs: parseMicroseconds(date_added)!,
  };
}
