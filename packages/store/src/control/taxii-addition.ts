import { createHash, randomInt } from 'node:crypto';
import type { AddResult, NewObject } from '@phalanx/coalition/taxii';
import { formatMicroseconds } from '@phalanx/coalition/taxii';
import { type Kysely, sql } from 'kysely';
import { type LockedCollection, lockCollection } from './taxii-collection-row.js';
import { markLastVersions } from './taxii-last-versions.js';
import type { TaxiiTables } from './taxii-tables.js';

/** Bytes of texts in one INSERT: bounds the parameters that both sides hold at once. */
const STATEMENT_BYTES = 8 * 2 ** 20;

interface NewRow extends Omit<NewObject, 'addedUs'> {
  readonly addedUs: number;
  readonly versionUs: number;
  readonly versionText: string;
  readonly bytes: number;
  readonly digest: Uint8Array;
}

/** Versions of the objects of a batch that are known: in the table, and in the batch so far. */
interface KnownVersions {
  readonly byVersion: Map<string, Uint8Array>;
  readonly byText: Set<string>;
  readonly ids: Set<string>;
}

/**
 * Adds objects to a collection as `TaxiiStore.addObjects` says. The lock on the collection's row is held until the end of the
 * transaction, so times of addition ascend in the order in which readers come to see them: who reads up to a time has missed nothing
 * before it.
 */
export async function addObjects(
  database: Kysely<TaxiiTables>,
  collectionId: string,
  objects: readonly NewObject[],
  nowUs: number,
): Promise<readonly AddResult[]> {
  return database.transaction().execute(async (transaction) => {
    const collection = await lockCollection(transaction, collectionId);
    const digests = objects.map(({ json }) => createHash('sha256').update(json).digest());
    const known = await findKnown(transaction, collection.number, objects, digests);
    const touched = new Set<string>();
    const rows: NewRow[] = [];
    let lastUs = collection.lastAddedUs;
    const results = objects.map((object, i): AddResult => {
      const digest = digests[i]!;
      const verdict = judge(known, object, digest);
      if (verdict !== 'added') return verdict;
      const wantedUs = object.addedUs ?? nowUs;
      lastUs = wantedUs > lastUs ? wantedUs : lastUs + randomInt(1, 257);
      const row = makeRow(object, lastUs, digest);
      if (known.ids.has(row.id)) touched.add(row.id);
      remember(known, row.id, row.versionUs, digest);
      rows.push(row);
      return 'added';
    });
    if (rows.length === 0) return results;
    for (const part of cutByBytes(rows)) await insertRows(transaction, collection.number, part, touched);
    if (touched.size > 0)
      await markLastVersions(
        transaction,
        collection.number,
        rows.filter(({ id }) => touched.has(id)),
      );
    await updateCollection(transaction, collection, rows, lastUs);
    return results;
  });
}

function judge(
  { byVersion, byText }: KnownVersions,
  { id, versionUs }: NewObject,
  digest: Uint8Array,
): AddResult {
  if (versionUs === null) return byText.has(textKey(id, digest)) ? 'present' : 'added';
  const there = byVersion.get(versionKey(id, versionUs));
  if (there === undefined) return 'added';
  return Buffer.compare(there, digest) === 0 ? 'present' : 'differs';
}

function remember(
  { byVersion, byText, ids }: KnownVersions,
  id: string,
  versionUs: number,
  digest: Uint8Array,
): void {
  const key = versionKey(id, versionUs);
  if (!byVersion.has(key)) byVersion.set(key, digest);
  byText.add(textKey(id, digest));
  ids.add(id);
}

const versionKey = (id: string, versionUs: number): string => `${versionUs} ${id}`;
const textKey = (id: string, digest: Uint8Array): string => `${Buffer.from(digest).toString('base64')} ${id}`;

/** What the table has of these objects: their versions and texts, as far as the batch has equal ones, and the ids. */
async function findKnown(
  database: Kysely<TaxiiTables>,
  collection: number,
  objects: readonly NewObject[],
  digests: readonly Uint8Array[],
): Promise<KnownVersions> {
  const ids = objects.map(({ id }) => id);
  const versions = objects.map(({ versionUs }) => versionUs);
  const { rows } = await sql<{ object_id: string; version_us: number; digest: Uint8Array | null }>`
    WITH batch AS (
      SELECT DISTINCT id, version_us, digest
      FROM unnest(${ids}::text[], ${versions}::int8[], ${digests}::bytea[]) AS b (id, version_us, digest)
    )
    SELECT o.object_id, o.version_us, o.digest FROM batch b
    JOIN taxii_objects o ON o.collection = ${collection} AND o.object_id = b.id AND o.version_us = b.version_us
    UNION ALL
    SELECT o.object_id, o.version_us, o.digest FROM batch b
    JOIN taxii_objects o ON o.collection = ${collection} AND o.object_id = b.id AND o.digest = b.digest
    WHERE b.version_us IS NULL
    UNION ALL
    SELECT i.id, 0, NULL FROM (SELECT DISTINCT id FROM batch) i
    WHERE EXISTS (SELECT FROM taxii_objects o WHERE o.collection = ${collection} AND o.object_id = i.id)
  `.execute(database);
  const known: KnownVersions = { byVersion: new Map(), byText: new Set(), ids: new Set() };
  for (const { object_id, version_us, digest } of rows)
    if (digest === null) known.ids.add(object_id);
    else remember(known, object_id, version_us, digest);
  return known;
}

function makeRow(object: NewObject, addedUs: number, digest: Uint8Array): NewRow {
  return {
    ...object,
    addedUs,
    versionUs: object.versionUs ?? addedUs,
    versionText: object.versionText ?? formatMicroseconds(addedUs),
    bytes: Buffer.byteLength(object.json),
    digest,
  };
}

function* cutByBytes(rows: readonly NewRow[]): Generator<readonly NewRow[]> {
  let from = 0;
  let bytes = 0;
  for (const [i, row] of rows.entries()) {
    if (bytes > STATEMENT_BYTES) {
      yield rows.slice(from, i);
      from = i;
      bytes = 0;
    }
    bytes += row.bytes;
  }
  yield rows.slice(from);
}

async function insertRows(
  database: Kysely<TaxiiTables>,
  collection: number,
  rows: readonly NewRow[],
  touched: ReadonlySet<string>,
): Promise<void> {
  const column = <K extends keyof NewRow>(name: K) => rows.map((row) => row[name]);
  await sql`
    INSERT INTO taxii_objects (
      collection, added_us, object_id, type, created_by_ref, member_id, version_us, version_text, spec_version, media_type,
      clearance, is_last, bytes, digest, json)
    SELECT ${collection}, * FROM unnest(
      ${column('addedUs')}::int8[], ${column('id')}::text[], ${column('type')}::text[], ${column('createdByRef')}::text[],
      ${column('memberId')}::text[], ${column('versionUs')}::int8[], ${column('versionText')}::text[],
      ${column('specVersion')}::text[], ${column('mediaType')}::text[], ${column('clearance')}::int2[],
      ${rows.map(({ id }) => !touched.has(id))}::bool[], ${column('bytes')}::int4[], ${column('digest')}::bytea[],
      ${column('json')}::text[])
  `.execute(database);
}

async function updateCollection(
  database: Kysely<TaxiiTables>,
  { number, specVersions }: LockedCollection,
  rows: readonly NewRow[],
  lastUs: number,
): Promise<void> {
  const specs = [...new Set([...specVersions, ...rows.map(({ specVersion }) => specVersion)])];
  await sql`
    UPDATE taxii_collections SET last_added_us = ${lastUs}, spec_versions = ${specs}::text[] WHERE number = ${number}
  `.execute(database);
}
