import { type Kysely, sql } from 'kysely';
import type { TaxiiTables } from './taxii-tables.js';

interface NewVersion {
  readonly id: string;
  readonly versionUs: number;
  readonly clearance: number | null;
}

/**
 * Sets `is_last` and `last_bar` right after versions were added to objects. A later version lowers the bar of all before it to its own
 * clearance; bars fall from new to old, so the walk back ends at the first that is as low already. Each row is written once for each
 * of the five levels at most, however many versions an object gets, if they come in order.
 */
export async function markLastVersions(
  database: Kysely<TaxiiTables>,
  collection: number,
  added: readonly NewVersion[],
): Promise<void> {
  const first = new Map<string, number>();
  const lowest = new Map<string, number>();
  for (const { id, versionUs, clearance } of added) {
    first.set(id, Math.min(first.get(id) ?? Infinity, versionUs));
    lowest.set(id, Math.min(lowest.get(id) ?? NO_BAR, clearance ?? NO_BAR));
  }
  await sql`
    WITH touched AS (
      SELECT t.id, (
        SELECT o.version_us FROM taxii_objects o
        WHERE o.collection = ${collection} AND o.object_id = t.id AND o.version_us < t.first AND o.last_bar <= t.lowest
        ORDER BY o.version_us DESC LIMIT 1
      ) AS floor
      FROM unnest(${[...first.keys()]}::text[], ${[...first.values()]}::int8[], ${[...lowest.values()]}::int2[])
        AS t (id, first, lowest)
    ), marked AS (${marks(
      sql`taxii_objects o JOIN touched t ON o.object_id = t.id
        AND o.version_us >= coalesce(t.floor, ${Number.MIN_SAFE_INTEGER})`,
      collection,
    )})
    ${applyMarks(collection)}
  `.execute(database);
}

/** The same for one object of which versions were removed. */
export async function markAllVersions(
  database: Kysely<TaxiiTables>,
  collection: number,
  id: string,
): Promise<void> {
  await sql`
    WITH marked AS (${marks(sql`taxii_objects o`, collection)} AND o.object_id = ${id}) ${applyMarks(collection)}
  `.execute(database);
}

/** Above every clearance. */
const NO_BAR = 32_767;

function marks(source: ReturnType<typeof sql>, collection: number) {
  return sql`
    SELECT o.added_us,
      o.version_us = max(o.version_us) OVER (PARTITION BY o.object_id) AS is_last,
      min(o.clearance) OVER (
        PARTITION BY o.object_id ORDER BY o.version_us DESC RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS last_bar
    FROM ${source} WHERE o.collection = ${collection}`;
}

function applyMarks(collection: number) {
  return sql`
    UPDATE taxii_objects o SET is_last = m.is_last, last_bar = m.last_bar FROM marked m
    WHERE o.collection = ${collection} AND o.added_us = m.added_us
      AND (o.is_last, o.last_bar) IS DISTINCT FROM (m.is_last, m.last_bar)`;
}
