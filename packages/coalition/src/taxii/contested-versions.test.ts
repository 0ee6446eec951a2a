import { expect, it } from 'vitest';
import { MemoryTaxiiStore } from './memory-store.js';
import {
  ask,
  CLOCK,
  COLLECTION,
  IDENTITIES,
  makeCaller,
  makeIndicator,
  makeServer,
  PATH,
} from './taxii-server.test.support.js';
import type { ObjectQuery } from './taxii-store.js';

/** Tells how much text was ever read for one request. */
class CountingStore extends MemoryTaxiiStore {
  read = 0;
  override async readObjects(id: string, query: ObjectQuery) {
    const page = await super.readObjects(id, query);
    for (const { json } of page.objects) this.read += json.length;
    return page;
  }
}

it('versions that are many and large do not have one request read them again and again', async () => {
  const store = new CountingStore(CLOCK);
  store.addApiRoot({ path: 'labs', title: 'Labs', description: null, isDefault: true });
  store.addCollection('labs', { id: COLLECTION, title: 'All', rights: { 'lab-b': 'read' } });
  const text = 'x'.repeat(1_000_000);
  const objects = Array.from({ length: 4 }, () => makeIndicator('lab-a'));
  for (let version = 1; version <= 20; version++)
    await store.addObjects(
      COLLECTION,
      objects.map((object) => {
        const modified = `2026-11-${String(version).padStart(2, '0')}T00:00:00.000Z`;
        return {
          id: object.id,
          type: 'indicator',
          createdByRef: IDENTITIES['lab-a'],
          memberId: 'lab-a',
          versionUs: Date.parse(modified) * 1000,
          versionText: modified,
          specVersion: '2.1',
          mediaType: 'application/stix+json;version=2.1',
          json: JSON.stringify({ ...object, modified, description: text }),
          clearance: null,
        };
      }),
    );
  const { server } = makeServer({ store });
  const { body } = await ask(server, makeCaller('lab-b'), `${PATH}/objects/?limit=100`);
  expect(body.more).toBe(true);
  // All versions are 80 MB; they were read once for each 10 MB that were looked at.
  expect(store.read).toBeLessThan(120e6);
});
