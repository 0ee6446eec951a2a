import { SPEC_VERSIONS, TAXII_LIMITS } from './taxii-limits.js';
import type { Reader, StoredObject, TaxiiStore } from './taxii-store.js';

/** Versions of objects that are known by their ids, read to the end: they are few, since an object has `versions` at most. */
export async function readNamed(
  store: TaxiiStore,
  collectionId: string,
  reader: Reader | null,
  ids: readonly string[],
  version: 'all' | 'last',
  read: 'readObjects' | 'readManifest' = 'readObjects',
): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
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
    found.push(...page.objects);
    if (!page.hasMore) return found;
    afterUs = page.objects.at(-1)!.addedUs;
  }
}
