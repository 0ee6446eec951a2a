import type { VersionQuery } from '@phalanx/coalition/taxii';
import { type Kysely, sql } from 'kysely';
import { lockCollection } from './taxii-collection-row.js';
import { markAllVersions } from './taxii-last-versions.js';
import type { TaxiiTables } from './taxii-tables.js';
import { type Bounds, isChosen } from './taxii-version-rows.js';

interface SentRow {
  readonly addedUs: number;
  readonly versionUs: number;
  readonly specVersion: string;
}

/** Removes versions of an object as `TaxiiStore.removeObject` says, under the lock that additions take. */
export async function removeObject(
  database: Kysely<TaxiiTables>,
  collectionId: string,
  objectId: string,
  query: VersionQuery,
  memberId: string | null,
): Promise<number> {
  return database.transaction().execute(async (transaction) => {
    const { number } = await lockCollection(transaction, collectionId);
    const isSenders = memberId === null ? sql`` : sql`AND member_id = ${memberId}`;
    const { rows: sent } = await sql<SentRow>`
      SELECT added_us AS "addedUs", version_us AS "versionUs", spec_version AS "specVersion" FROM taxii_objects
      WHERE collection = ${number} AND object_id = ${objectId} ${isSenders}
    `.execute(transaction);
    const bounds = findBounds(sent, query);
    const chosen = sent.filter((row) => isChosen(row, query, bounds)).map(({ addedUs }) => addedUs);
    if (chosen.length === 0) return 0;
    await sql`
      DELETE FROM taxii_objects WHERE collection = ${number} AND added_us = ANY(${chosen}::int8[])
    `.execute(transaction);
    await markAllVersions(transaction, number, objectId);
    return chosen.length;
  });
}

function findBounds(rows: readonly SentRow[], { specVersions }: VersionQuery): Bounds {
  const latest = rows.reduce((most, { specVersion }) => (specVersion > most ? specVersion : most), '');
  let first = Infinity;
  let last = -Infinity;
  for (const { specVersion, versionUs } of rows) {
    if (!(specVersions?.includes(specVersion) ?? specVersion === latest)) continue;
    first = Math.min(first, versionUs);
    last = Math.max(last, versionUs);
  }
  return { latest, first, last };
}
