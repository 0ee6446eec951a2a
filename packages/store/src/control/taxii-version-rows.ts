import type { ObjectQuery, VersionQuery } from '@phalanx/coalition/taxii';
import { type Kysely, sql } from 'kysely';
import { isCandidate, isDecided, isSeen } from './taxii-reader.js';
import type { TaxiiTables } from './taxii-tables.js';

/** Rows looked at in one statement. */
const CHUNK = 2_000;

/** A row that a query chooses. */
interface VersionRow {
  readonly addedUs: number;
  readonly contested: boolean;
}

interface Candidate {
  readonly id: string;
  readonly addedUs: number;
  readonly versionUs: number;
  readonly specVersion: string;
}

/** The latest specification version of an object, and the first and last version of the right one; null where there is none. */
export interface Bounds {
  readonly latest: string | null;
  readonly first: number | null;
  readonly last: number | null;
}

/** Bounds among versions that displace others, and among all that the reader sees. */
type ObjectBounds = { readonly decided: Bounds; readonly seen: Bounds };

/**
 * The first rows that a query chooses, one more than it wants, by what `selectVersions` of `@phalanx/coalition` does in memory: exact for
 * any mixture of specification versions, first versions and named ones. Looks at every candidate until it has enough.
 */
export async function selectVersionRows(
  database: Kysely<TaxiiTables>,
  collection: number,
  query: ObjectQuery,
): Promise<readonly VersionRow[]> {
  const bounds = new Map<string, ObjectBounds>();
  const chosen: VersionRow[] = [];
  for (let afterUs = query.afterUs; ; ) {
    const candidates = await readCandidates(database, collection, query, afterUs);
    await readBounds(database, collection, query, candidates, bounds);
    for (const row of candidates) {
      const { decided, seen } = bounds.get(row.id)!;
      if (!isChosen(row, query, decided)) continue;
      chosen.push({ addedUs: row.addedUs, contested: !isChosen(row, query, seen) });
      if (chosen.length > query.limit) return chosen;
    }
    if (candidates.length < CHUNK) return chosen;
    afterUs = candidates.at(-1)!.addedUs;
  }
}

async function readCandidates(
  database: Kysely<TaxiiTables>,
  collection: number,
  query: ObjectQuery,
  afterUs: number,
): Promise<readonly Candidate[]> {
  const numbers = query.versions.filter((version) => typeof version === 'number');
  const isNamed =
    numbers.length === query.versions.length ? sql`AND o.version_us = ANY(${numbers}::int8[])` : sql``;
  const { rows } = await sql<Candidate>`
    SELECT o.object_id AS id, o.added_us AS "addedUs", o.version_us AS "versionUs", o.spec_version AS "specVersion"
    FROM taxii_objects o WHERE ${isCandidate(collection, query, afterUs)('o')} ${isNamed}
    ORDER BY o.added_us LIMIT ${CHUNK}
  `.execute(database);
  return rows;
}

async function readBounds(
  database: Kysely<TaxiiTables>,
  collection: number,
  query: ObjectQuery,
  candidates: readonly Candidate[],
  known: Map<string, ObjectBounds>,
): Promise<void> {
  const ids = [...new Set(candidates.map(({ id }) => id))].filter((id) => !known.has(id));
  if (ids.length === 0) return;
  const decided = isDecided(query.reader)('v');
  const ofSpec = (latest: string) =>
    query.specVersions === null
      ? sql`v.spec_version >= coalesce(${sql.ref(`s.${latest}`)}, '')`
      : sql`v.spec_version = ANY(${query.specVersions}::text[])`;
  const { rows } = await sql<{
    id: string;
    latest: string | null;
    latest_seen: string;
    first: number | null;
    last: number | null;
    first_seen: number | null;
    last_seen: number | null;
  }>`
    WITH seen AS MATERIALIZED (
      SELECT v.object_id, v.spec_version, v.version_us, ${decided} AS decided FROM taxii_objects v
      WHERE v.collection = ${collection} AND v.object_id = ANY(${ids}::text[]) AND ${isSeen(query.reader)('v')}
    ), specs AS (
      SELECT object_id, max(spec_version) FILTER (WHERE decided) AS latest, max(spec_version) AS latest_seen
      FROM seen GROUP BY object_id
    )
    SELECT v.object_id AS id, s.latest, s.latest_seen,
      min(v.version_us) FILTER (WHERE v.decided AND ${ofSpec('latest')}) AS first,
      max(v.version_us) FILTER (WHERE v.decided AND ${ofSpec('latest')}) AS last,
      min(v.version_us) FILTER (WHERE ${ofSpec('latest_seen')}) AS first_seen,
      max(v.version_us) FILTER (WHERE ${ofSpec('latest_seen')}) AS last_seen
    FROM seen v JOIN specs s USING (object_id) GROUP BY v.object_id, s.latest, s.latest_seen
  `.execute(database);
  for (const row of rows)
    known.set(row.id, {
      decided: { latest: row.latest, first: row.first, last: row.last },
      seen: { latest: row.latest_seen, first: row.first_seen, last: row.last_seen },
    });
}

/** Whether a query chooses a version, given the bounds of its object. */
export function isChosen(
  { specVersion, versionUs }: Pick<Candidate, 'specVersion' | 'versionUs'>,
  query: VersionQuery,
  { latest, first, last }: Bounds,
): boolean {
  if (!(query.specVersions?.includes(specVersion) ?? specVersion >= (latest ?? ''))) return false;
  return query.versions.some((wanted) => {
    if (wanted === 'all') return true;
    if (wanted === 'first') return versionUs <= (first ?? Infinity);
    return wanted === 'last' ? versionUs >= (last ?? -Infinity) : wanted === versionUs;
  });
}
