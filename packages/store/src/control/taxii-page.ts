import type { ObjectPage, ObjectQuery, StoredObject } from '@phalanx/coalition/taxii';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { CollectionRow } from './taxii-collection-row.js';
import { isCandidate, isDecided } from './taxii-reader.js';
import type { TaxiiTables } from './taxii-tables.js';
import { selectVersionRows } from './taxii-version-rows.js';

/** Of a manifest, the texts that the reader may see whole are left out. */
export type PageKind = 'objects' | 'manifest';

/**
 * One page of a collection as `TaxiiStore.readObjects` says. What is usual, the last or all versions in a collection of one
 * specification version, is one walk along the primary key; for the rest `selectVersionRows` finds the rows first.
 */
export async function readPage(
  database: Kysely<TaxiiTables>,
  collection: CollectionRow,
  query: ObjectQuery,
  kind: PageKind,
): Promise<ObjectPage> {
  const { specVersions } = collection;
  const [only] = specVersions;
  if (only === undefined) return NOTHING;
  if (specVersions.length === 1) {
    if (query.specVersions?.includes(only) === false) return NOTHING;
    if (query.versions.includes('all')) return runWalk(database, collection, query, kind, EVERY_VERSION);
    if (query.versions.length === 1 && query.versions[0] === 'last')
      return runWalk(database, collection, query, kind, chooseLast(collection, query));
  }
  const rows = await selectVersionRows(database, collection.number, query);
  const times = rows.map(({ addedUs }) => addedUs);
  const contested = rows.filter((row) => row.contested).map(({ addedUs }) => addedUs);
  return runWalk(database, collection, query, kind, {
    chosen: sql`o.added_us = ANY(${times}::int8[])`,
    contested: sql`o.added_us = ANY(${contested}::int8[])`,
  });
}

const NOTHING: ObjectPage = { objects: [], hasMore: false };

/** Which rows `o` a query chooses by their version, and which of them a version that has to be judged may displace. */
interface Choice {
  readonly chosen: RawBuilder<boolean>;
  readonly contested: RawBuilder<boolean>;
}

const EVERY_VERSION: Choice = { chosen: sql`true`, contested: sql`false` };

/**
 * A version that is not the last is chosen where the reader may see no later one: none by clearance, which `last_bar` says, and none
 * by authorship, which an index says. Such rows are few, so both probes are.
 */
function chooseLast({ number }: CollectionRow, { reader }: ObjectQuery): Choice {
  if (reader === null) return { chosen: sql`o.is_last`, contested: sql`false` };
  const later = sql`SELECT FROM taxii_objects l
    WHERE l.collection = ${number} AND l.object_id = o.object_id AND l.version_us > o.version_us`;
  return {
    chosen: sql`(o.is_last OR coalesce(o.last_bar > ${reader.clearance}, true) AND NOT EXISTS (
      ${later} AND l.created_by_ref = ${reader.identity} AND (l.clearance IS NULL OR l.clearance > 0)))`,
    contested: sql`(NOT o.is_last AND EXISTS (
      ${later} AND l.clearance IS NULL AND l.created_by_ref IS DISTINCT FROM ${reader.identity}))`,
  };
}

async function runWalk(
  database: Kysely<TaxiiTables>,
  { number }: CollectionRow,
  query: ObjectQuery,
  kind: PageKind,
  { chosen, contested }: Choice,
): Promise<ObjectPage> {
  const limit = Math.max(query.limit, 1);
  const json =
    kind === 'objects' ? sql`o.json` : sql`CASE WHEN ${isDecided(query.reader)('o')} THEN '' ELSE o.json END`;
  // One row more than the page, to know whether there is one. The sum stops before a text is looked at.
  const { rows } = await sql<PageRow>`
    SELECT json_build_array(o.object_id, o.type, o.created_by_ref, o.member_id, o.spec_version, o.media_type, o.clearance,
      o.added_us, o.version_us, o.version_text, ${contested})::text AS facts, ${json} AS json, o.total
    FROM (
      SELECT p.*, count(*) OVER () AS total, row_number() OVER w AS place, sum(p.bytes) OVER w - p.bytes AS before FROM (
        SELECT o.* FROM taxii_objects o WHERE ${isCandidate(number, query, query.afterUs)('o')} AND ${chosen}
        ORDER BY o.added_us LIMIT ${limit + 1}
      ) p WINDOW w AS (ORDER BY p.added_us ROWS UNBOUNDED PRECEDING)
    ) o WHERE o.place <= ${limit} AND o.before <= ${query.maxBytes} ORDER BY o.added_us
  `.execute(database);
  if (query.limit < 1) return { objects: [], hasMore: rows.length > 0 };
  return { objects: rows.map(toObject), hasMore: (rows[0]?.total ?? 0) > rows.length };
}

/** What is short comes as one text: each column of a row costs both protocols as much as all of this (PGlite: half of a page's time). */
interface PageRow {
  readonly facts: string;
  readonly json: string;
  readonly total: number;
}

type Facts = [
  id: string,
  type: string,
  createdByRef: string | null,
  memberId: string,
  specVersion: string,
  mediaType: string,
  clearance: number | null,
  addedUs: number,
  versionUs: number,
  versionText: string,
  contested: boolean,
];

function toObject({ facts, json }: PageRow): StoredObject {
  const [
    id,
    type,
    createdByRef,
    memberId,
    specVersion,
    mediaType,
    clearance,
    addedUs,
    versionUs,
    versionText,
    contested,
  ] = JSON.parse(facts) as Facts;
  return {
    id,
    type,
    createdByRef,
    memberId,
    specVersion,
    mediaType,
    clearance,
    addedUs,
    versionUs,
    versionText,
    contested,
    json,
  };
}
