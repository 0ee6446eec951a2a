import { AssertionError } from 'node:assert';
import { expect, it } from 'vitest';
import { MemoryTaxiiStore } from './memory-store.js';
import { checkTaxiiStore } from './store-contract.js';
import type { ObjectQuery } from './taxii-store.js';

function openStore(Store = MemoryTaxiiStore) {
  const store = new Store({ nowMs: () => 1_000 });
  store.addApiRoot({ path: 'labs', title: 'Labs', description: null, isDefault: true });
  store.addCollection('labs', { id: 'c', title: 'All', rights: {} });
  return { store, collectionId: 'c' };
}

it('holds for the store in memory, also where its clock stands still', async () => {
  for (let seed = 1; seed <= 20; seed++) await checkTaxiiStore(openStore(), seed, 100);
});

it('finds stores that forget who reads, lose a page, or let what is later go first', async () => {
  const flaws: ((query: ObjectQuery) => ObjectQuery)[] = [
    (query) => ({ ...query, reader: null }),
    (query) => ({ ...query, afterUs: query.afterUs - 1 }),
    (query) => ({ ...query, limit: query.limit + 1 }),
    (query) => ({ ...query, maxBytes: Number.MAX_SAFE_INTEGER }),
    (query) => ({ ...query, versions: query.versions.filter((version) => version !== 'first') }),
    (query) => ({ ...query, specVersions: query.specVersions ?? ['2.0', '2.1'] }),
    (query) => ({ ...query, types: null }),
  ];
  for (const flaw of flaws) {
    class Flawed extends MemoryTaxiiStore {
      override readObjects(id: string, query: ObjectQuery) {
        return super.readObjects(id, flaw(query));
      }
    }
    const check = async () => {
      for (let seed = 1; seed <= 20; seed++) await checkTaxiiStore(openStore(Flawed), seed, 100);
    };
    await expect(check()).rejects.toThrow(AssertionError);
  }
});
