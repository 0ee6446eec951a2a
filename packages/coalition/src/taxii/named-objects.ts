import { SPEC_VERSIONS, TAXII_LIMITS } from './taxii-limits.js';
import { refuseRequest } from './taxii-refusal.js';
import type { Reader, StoredObject, TaxiiStore } from './taxii-store.js';

/** What reading may still bring into memory. */
export interface ReadBudget {
  bytes: number;
}

/** Bytes of a row besides its text, about. */
const ROW_BYTES = 200;

/**
 * Versions of objects that are known by their ids, read to the end: they are few, since an object has `versions` at most.
 *
 * @param budget is lowered by what was read
 * @throws TaxiiRefusal 413 beyond the budget
 */
export async function readNamed(
  store: TaxiiStore,
  collectionId: string,
  reader: Reader | null,
  ids: readonly string[],
  version: 'all' | 'last',
  read: 'readObjects' | 'readManifest' = 'readObjects',
  budget: ReadBudget = { bytes: Number.POSITIVE_INFINITY },
): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const objects of pageNamed(store, collectionId, reader, ids, version, read)) {
    for (const { json } of objects) budget.bytes -= json.length + ROW_BYTES;
    if (budget.bytes < 0) refuseRequest(413, 'too much stands under these ids: send fewer at once');
    found.push(...objects);
  }
  return found;
}

/** As `readNamed`, `pageBytes` of them at a time. */
export async function* pageNamed(
  store: TaxiiStore,
  collectionId: string,
  reader: Reader | null,
  ids: readonly string[],
  version: 'all' | 'last',
  read: 'readObjects' | 'readManifest' = 'readObjects',
): AsyncGenerator<readonly StoredObject[]> {
  for (let afterUs = 0; ; ) {
    const page = await store[read](collectionId, {
      reader,
      ids,
      types: null,
      versions: [version],
      specVersions: SPEC_VERSIONS,
      afterUs,
      limit: TAXII_LIMITS.pageObjects,
      maxBytes: TAXII_LIMITS.pageBytes,
    });
    yield page.objects;
    if (!page.hasMore) return;
    afterUs = page.objects.at(-1)!.addedUs;
  }
}
