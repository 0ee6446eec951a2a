import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type CollectionRights, MemoryTaxiiStore } from './memory-store.js';
import { parseMicroseconds } from './microseconds.js';
import { makeCaller, makeServer } from './taxii-server.test.support.js';

interface Recording {
  readonly seed: Readonly<
    Record<
      string,
      {
        readonly information?: { readonly title: string; readonly description: string };
        readonly collections?: readonly {
          readonly id: string;
          readonly title: string;
          readonly can_read: boolean;
          readonly can_write: boolean;
          readonly media_types: readonly string[];
          readonly objects: readonly { id: string; type: string; created: string; modified?: string }[];
          readonly manifest: readonly {
            id: string;
            version: string;
            date_added: string;
            media_type: string;
          }[];
        }[];
      }
    >
  >;
  readonly exchanges: readonly {
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string>;
    readonly isKnown: boolean;
    readonly body?: string;
    readonly status: number;
    readonly hasDates: boolean;
    readonly answer: string;
  }[];
}

const FILE = new URL('./fixtures/taxii2-client.json', import.meta.url);
const { seed, exchanges } = JSON.parse(readFileSync(FILE, 'utf8')) as Recording;

async function seedStore(): Promise<MemoryTaxiiStore> {
  const store = new MemoryTaxiiStore();
  for (const [path, { information, collections = [] }] of Object.entries(seed)) {
    if (information === undefined) continue;
    const { title, description } = information;
    store.addApiRoot({ path, title, description, isDefault: path === 'trustgroup1' }, true);
    for (const { can_read, can_write, media_types, objects, manifest, ...one } of collections) {
      const rights = can_read ? (can_write ? 'read-write' : 'read') : 'write';
      const granted: Record<string, CollectionRights> = can_read || can_write ? { 'lab-a': rights } : {};
      store.addCollection(path, { ...one, mediaTypes: media_types, rights: granted, isAnnounced: true });
      await store.addObjects(
        one.id,
        manifest.map(({ id, version, date_added, media_type }) => {
          const object = objects.find(
            (other) => other.id === id && (other.modified ?? other.created) === version,
          )!;
          return {
            id,
            type: object.type,
            createdByRef: null,
            memberId: 'lab-a',
            versionUs: parseMicroseconds(version),
            versionText: version,
            specVersion: media_type.slice(-3),
            mediaType: media_type,
            json: JSON.stringify(object),
            clearance: 0,
            addedUs: parseMicroseconds(date_added)!,
          };
        }),
      );
    }
  }
  return store;
}

const NEXT = /"next":"([^"]+)"/;
/** A time of addition or of a request: what stix2 writes has three decimals. */
const NOW = /^202[6-9]-.*\.[0-9]{6}Z$/;

/** Without what is drawn or the time of the test. */
function comparable(answer: string): unknown {
  if (answer === '') return null;
  const isStatus = answer.includes('"pending_count":0');
  return JSON.parse(answer, (name, value: unknown) => {
    if (name === 'next' || (isStatus && name === 'id' && /^[0-9a-f-]{36}$/.test(String(value))))
      return 'drawn';
    return typeof value === 'string' && NOW.test(value) ? 'now' : value;
  });
}

it('answers taxii2-client and stix2 as when they were recorded', async () => {
  const { server } = makeServer({
    store: await seedStore(),
    title: 'Phalanx',
    publicUrl: 'http://localhost:5000',
  });
  let next = '';
  let status = '';
  for (const { method, path, headers, isKnown, body, ...expected } of exchanges) {
    const asked = path.replace(/next=[^&]+/, `next=${next}`).replace(/(?<=\/status\/)[^/]+/, status);
    const request = new Request(`http://localhost${asked}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const answer = await server.handle(request, isKnown ? makeCaller('lab-a') : null);
    const text = await answer.text();
    next = NEXT.exec(text)?.[1] ?? '';
    if (method === 'POST') status = (JSON.parse(text) as { id: string }).id;
    const what = `${method} ${path}`;
    expect([answer.status, answer.headers.has('x-taxii-date-added-first')], what).toEqual([
      expected.status,
      expected.hasDates,
    ]);
    expect(comparable(text), what).toEqual(comparable(expected.answer));
  }
  expect(exchanges.length).toBeGreaterThan(70);
});
