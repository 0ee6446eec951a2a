import { dropDisplaced } from './contested-versions.js';
import type { ReaderJudge } from './reader-judge.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import type { ObjectQuery, StoredObject, TaxiiStore } from './taxii-store.js';

/** Objects as a reader may have them: `json` without what is hidden, and empty in a manifest where nothing is. */
export interface VisiblePage {
  readonly objects: readonly StoredObject[];
  /** After which addition the next page begins; null when this is the last. */
  readonly nextUs: number | null;
}

/** Rows of one read where hidden ones have to be made up for. */
const FEWEST_ROWS = 100;

/**
 * The next objects that a reader may see, in the order of their addition: `limit` of them, fewer where that many would be too many
 * bytes, or too many objects had to be looked at. Then there is more, and the next page goes on behind what was looked at, so
 * that a collection of objects that are hidden comes to an end too.
 *
 * @param read `readObjects` or `readManifest` of the store
 */
export async function readVisiblePage(
  store: TaxiiStore,
  collectionId: string,
  query: ObjectQuery,
  judge: ReaderJudge,
  read: 'readObjects' | 'readManifest',
): Promise<VisiblePage> {
  const objects: StoredObject[] = [];
  let { afterUs, maxBytes } = query;
  for (let scanned = 0, looked = 0; ; ) {
    // One more than a page holds tells whether there is a next.
    const limit = Math.max(query.limit + 1 - objects.length, scanned === 0 ? 0 : FEWEST_ROWS);
    const page = await store[read](collectionId, { ...query, afterUs, limit, maxBytes });
    const texts = await judge.judge(page.objects);
    const visible = page.objects.flatMap((row, at) => {
      const json = texts[at]!;
      return json === null ? [] : json === row.json ? [row] : [{ ...row, json }];
    });
    const { kept, goOnUs, bytes } = await dropDisplaced(store, collectionId, query, judge, visible);
    for (const object of kept) {
      if (objects.length === query.limit) return { objects, nextUs: objects.at(-1)!.addedUs };
      objects.push(object);
      maxBytes -= object.json.length;
    }
    if (goOnUs !== null) return { objects, nextUs: goOnUs };
    if (!page.hasMore) return { objects, nextUs: null };
    scanned += page.objects.length;
    looked += bytes;
    afterUs = page.objects.at(-1)!.addedUs;
    const isEnough = scanned >= TAXII_LIMITS.scannedObjects || looked >= TAXII_LIMITS.standingBytes;
    if (maxBytes <= 0 || isEnough) return { objects, nextUs: afterUs };
  }
}
