import { PhalanxError } from '@phalanx/core';
import { type Kysely, sql } from 'kysely';
import type { StoreErrorCode } from '../errors.js';
import type { TaxiiTables } from './taxii-tables.js';

/** A collection as the queries of its objects need it. */
export interface CollectionRow {
  readonly number: number;
  /** All that have ever stood in it. */
  readonly specVersions: readonly string[];
}

export interface LockedCollection extends CollectionRow {
  readonly lastAddedUs: number;
}

/** @throws PhalanxError `STORE_ARGUMENT` when there is none of this id */
export async function findCollectionRow(database: Kysely<TaxiiTables>, id: string): Promise<CollectionRow> {
  const { rows } = await sql<CollectionRow>`
    SELECT number, spec_versions AS "specVersions" FROM taxii_collections WHERE id = ${id}
  `.execute(database);
  return rows[0] ?? refuseUnknown();
}

/**
 * The same, locked against other writers of the collection until the transaction ends.
 *
 * @throws PhalanxError `STORE_ARGUMENT` when there is none of this id
 */
export async function lockCollection(
  transaction: Kysely<TaxiiTables>,
  id: string,
): Promise<LockedCollection> {
  const { rows } = await sql<LockedCollection>`
    SELECT number, spec_versions AS "specVersions", last_added_us AS "lastAddedUs"
    FROM taxii_collections WHERE id = ${id} FOR NO KEY UPDATE
  `.execute(transaction);
  return rows[0] ?? refuseUnknown();
}

function refuseUnknown(): never {
  throw new PhalanxError<StoreErrorCode>('STORE_ARGUMENT', 'no such collection', {
    advice: 'Look for it with findCollection.',
  });
}
