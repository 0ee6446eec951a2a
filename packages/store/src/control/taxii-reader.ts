import type { ObjectQuery, Reader } from '@phalanx/coalition/taxii';
import { type RawBuilder, sql } from 'kysely';

/** Conditions on a row of `taxii_objects`, under the name that the query gives it. */
export type RowCondition = (row: string) => RawBuilder<boolean>;

/** The reader may see it whole, without a look at its markings. */
export function isDecided(reader: Reader | null): RowCondition {
  return (row) => {
    if (reader === null) return sql`true`;
    const { clearance, author } = names(row);
    return sql`(coalesce(${clearance} <= ${reader.clearance}, false) OR coalesce(${author} = ${reader.identity}, false))`;
  };
}

/** The reader may see it, perhaps after a look at its markings. */
export function isSeen(reader: Reader | null): RowCondition {
  return (row) => {
    if (reader === null) return sql`true`;
    const { clearance, author } = names(row);
    return sql`(${clearance} IS NULL OR ${clearance} <= ${reader.clearance} OR ${author} = ${reader.identity})`;
  };
}

/** Collection, time of addition, ids, types and what the reader may see: all but the choice by version. */
export function isCandidate(collection: number, query: ObjectQuery, afterUs: number): RowCondition {
  return (row) => {
    const ids =
      query.ids === null ? sql`` : sql`AND ${sql.ref(`${row}.object_id`)} = ANY(${query.ids}::text[])`;
    const types =
      query.types === null ? sql`` : sql`AND ${sql.ref(`${row}.type`)} = ANY(${query.types}::text[])`;
    return sql`(${sql.ref(`${row}.collection`)} = ${collection} AND ${sql.ref(`${row}.added_us`)} > ${afterUs} ${ids} ${types}
      AND ${isSeen(query.reader)(row)})`;
  };
}

function names(row: string) {
  return { clearance: sql.ref(`${row}.clearance`), author: sql.ref(`${row}.created_by_ref`) };
}
