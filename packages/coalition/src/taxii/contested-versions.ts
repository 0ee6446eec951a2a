import { pageNamed } from './named-objects.js';
import type { ReaderJudge } from './reader-judge.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import type { ObjectQuery, StoredObject, TaxiiStore } from './taxii-store.js';
import { selectVersions } from './version-selection.js';

/** Objects whose versions are looked at together. */
const IDS_AT_ONCE = 20;

/**
 * Rows without those that a version which the reader may see displaces. The store could not tell, since the markings of that
 * version had to be judged.
 *
 * @returns what is left of the rows; where enough versions were looked at for one request, of those before that place, and after
 *   which addition to go on: of at least one row it is always known; and how much was read for that
 */
export async function dropDisplaced(
  store: TaxiiStore,
  collectionId: string,
  query: ObjectQuery,
  judge: ReaderJudge,
  rows: readonly StoredObject[],
): Promise<{ kept: readonly StoredObject[]; goOnUs: number | null; bytes: number }> {
  const ids = [...new Set(rows.filter(({ contested }) => contested).map(({ id }) => id))];
  const known = new Set<string>();
  const chosen = new Set<number>();
  let [at, atOnce, looked, bytes] = [0, 1, 0, 0];
  while (at < ids.length && looked < TAXII_LIMITS.scannedObjects && bytes < TAXII_LIMITS.standingBytes) {
    const some = ids.slice(at, at + atOnce);
    // Of versions that may be large and many no more than a page is held.
    const visible: Omit<StoredObject, 'json'>[] = [];
    const before = bytes;
    for await (const versions of pageNamed(store, collectionId, query.reader, some, 'all')) {
      const texts = await judge.judge(versions);
      for (const [place, { json, ...version }] of versions.entries()) {
        if (texts[place] !== null) visible.push(version);
        bytes += json.length;
      }
      looked += versions.length;
    }
    for (const id of some) {
      known.add(id);
      const ofOne = visible.filter((version) => version.id === id);
      for (const { addedUs } of selectVersions(ofOne, query)) chosen.add(addedUs);
    }
    at += some.length;
    atOnce = bytes - before > TAXII_LIMITS.pageBytes / 4 ? 1 : Math.min(2 * atOnce, IDS_AT_ONCE);
  }
  const open = rows.findIndex(({ id, contested }) => contested && !known.has(id));
  const decided = open < 0 ? rows : rows.slice(0, open);
  return {
    kept: decided.filter(({ contested, addedUs }) => !contested || chosen.has(addedUs)),
    goOnUs: open < 0 ? null : rows[open]!.addedUs - 1,
    bytes,
  };
}
