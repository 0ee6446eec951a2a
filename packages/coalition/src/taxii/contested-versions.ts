import { readNamed } from './named-objects.js';
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
 *   which addition to go on: of at least one row it is always known
 */
export async function dropDisplaced(
  store: TaxiiStore,
  collectionId: string,
  query: ObjectQuery,
  judge: ReaderJudge,
  rows: readonly StoredObject[],
): Promise<{ kept: readonly StoredObject[]; goOnUs: number | null }> {
  const ids = [...new Set(rows.filter(({ contested }) => contested).map(({ id }) => id))];
  const known = new Set<string>();
  const chosen = new Set<number>();
  for (let at = 0, looked = 0; at < ids.length && looked < TAXII_LIMITS.scannedObjects; at += IDS_AT_ONCE) {
    const some = ids.slice(at, at + IDS_AT_ONCE);
    const versions = await readNamed(store, collectionId, query.reader, some, 'all');
    const texts = await judge.judge(versions);
    const visible = versions.filter((_, place) => texts[place] !== null);
    for (const id of some) {
      known.add(id);
      const ofOne = visible.filter((version) => version.id === id);
      for (const { addedUs } of selectVersions(ofOne, query)) chosen.add(addedUs);
    }
    looked += versions.length;
  }
  const open = rows.findIndex(({ id, contested }) => contested && !known.has(id));
  const decided = open < 0 ? rows : rows.slice(0, open);
  return {
    kept: decided.filter(({ contested, addedUs }) => !contested || chosen.has(addedUs)),
    goOnUs: open < 0 ? null : rows[open]!.addedUs - 1,
  };
}
