import type {
  AddResult,
  ApiRoot,
  Collection,
  CollectionRights,
  NewCollection,
  NewObject,
  ObjectPage,
  ObjectQuery,
  StoredStatus,
  TaxiiStore,
  VersionQuery,
} from '@phalanx/coalition/taxii';
import { type Clock, PhalanxError, systemClock } from '@phalanx/core';
import { type Kysely, sql } from 'kysely';
import type { StoreErrorCode } from '../errors.js';
import { addObjects } from './taxii-addition.js';
import { findCollectionRow } from './taxii-collection-row.js';
import { readPage } from './taxii-page.js';
import { removeObject } from './taxii-removal.js';
import type { TaxiiTables } from './taxii-tables.js';

const STATUS_KEPT_US = 24 * 3600 * 1e6;
const STIX_21 = 'application/stix+json;version=2.1';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** API roots, collections, rights, objects and statuses of a TAXII server, and what its operator changes of them. */
export class TaxiiCollections implements TaxiiStore {
  readonly #database: Kysely<TaxiiTables>;
  readonly #clock: Clock;

  constructor(database: Kysely<TaxiiTables>, clock: Clock = systemClock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Adds an API root, or changes title, description and openness of the one with this path.
   *
   * @param isOpen members see it without a collection in it
   * @throws PhalanxError `STORE_ROW_INVALID` for a path that is none, or a second default root
   */
  async putApiRoot({ path, title, description, isDefault }: ApiRoot, isOpen = false): Promise<void> {
    const values = { title, description, is_default: isDefault, is_open: isOpen };
    await this.#database
      .insertInto('taxii_roots')
      .values({ path, ...values })
      .onConflict((conflict) => conflict.column('path').doUpdateSet(values))
      .execute();
  }

  /**
   * Adds a collection to a root, or changes what is given of the one with this id; rights that are not named stay as they are.
   *
   * @throws PhalanxError `STORE_ROW_INVALID` for an id that is no UUID in lower case, an alias that the root has already, an unknown root
   */
  async putCollection(rootPath: string, collection: NewCollection): Promise<void> {
    const {
      id,
      title,
      alias = null,
      description = null,
      mediaTypes = [STIX_21],
      isAnnounced = false,
    } = collection;
    if (!UUID.test(id))
      throw new PhalanxError<StoreErrorCode>('STORE_ROW_INVALID', 'the id of a collection is not a UUID', {
        advice: 'Take one from crypto.randomUUID().',
      });
    const values = { alias, title, description, media_types: mediaTypes, is_announced: isAnnounced };
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('taxii_collections')
        .values({ id, root_path: rootPath, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute();
      for (const [principal, rights] of Object.entries(collection.rights))
        await grant(transaction, id, principal, rights);
    });
  }

  /**
   * Sets what a principal may do with a collection; null takes it away, at once.
   *
   * @param principal a member's id, or `group:` and the id of a group
   * @throws PhalanxError `STORE_ROW_INVALID` when there is no such collection
   */
  async setRights(collectionId: string, principal: string, rights: CollectionRights | null): Promise<void> {
    if (rights !== null) return grant(this.#database, collectionId, principal, rights);
    await this.#database
      .deleteFrom('taxii_rights')
      .where('collection_id', '=', collectionId)
      .where('principal', '=', principal)
      .execute();
  }

  /** Who may do what with a collection, by principal. */
  async listRights(collectionId: string): Promise<ReadonlyMap<string, CollectionRights>> {
    const rows = await this.#database
      .selectFrom('taxii_rights')
      .selectAll()
      .where('collection_id', '=', collectionId)
      .orderBy('principal')
      .execute();
    return new Map(
      rows.map(({ principal, can_read, can_write }) => [principal, nameRights(can_read, can_write)]),
    );
  }

  async listApiRoots(memberId: string): Promise<readonly ApiRoot[]> {
    return this.#findRoots(null, memberId);
  }

  async findApiRoot(path: string, memberId: string): Promise<ApiRoot | null> {
    return (await this.#findRoots(path, memberId))[0] ?? null;
  }

  async listCollections(rootPath: string, memberId: string): Promise<readonly Collection[]> {
    return this.#findCollections(rootPath, null, memberId);
  }

  async findCollection(rootPath: string, idOrAlias: string, memberId: string): Promise<Collection | null> {
    const found = await this.#findCollections(rootPath, idOrAlias, memberId);
    return found.find(({ id }) => id === idOrAlias) ?? found[0] ?? null;
  }

  async readObjects(collectionId: string, query: ObjectQuery): Promise<ObjectPage> {
    return readPage(this.#database, await findCollectionRow(this.#database, collectionId), query, 'objects');
  }

  async readManifest(collectionId: string, query: ObjectQuery): Promise<ObjectPage> {
    return readPage(this.#database, await findCollectionRow(this.#database, collectionId), query, 'manifest');
  }

  async findMarkings(collectionId: string, ids: readonly string[]): Promise<readonly string[]> {
    const { number } = await findCollectionRow(this.#database, collectionId);
    const { rows } = await sql<{ id: string; json: string }>`
      SELECT DISTINCT ON (object_id) object_id AS id, json FROM taxii_objects
      WHERE collection = ${number} AND object_id = ANY(${ids}::text[]) AND type = 'marking-definition'
      ORDER BY object_id, added_us
    `.execute(this.#database);
    const texts = new Map(rows.map(({ id, json }) => [id, json]));
    return [...new Set(ids)].flatMap((id) => texts.get(id) ?? []);
  }

  async addObjects(collectionId: string, objects: readonly NewObject[]): Promise<readonly AddResult[]> {
    return addObjects(this.#database, collectionId, objects, this.#clock.nowMs() * 1000);
  }

  async removeObject(
    collectionId: string,
    objectId: string,
    query: VersionQuery,
    memberId: string | null,
  ): Promise<number> {
    return removeObject(this.#database, collectionId, objectId, query, memberId);
  }

  async putStatus(rootPath: string, memberId: string, { id, requestUs, json }: StoredStatus): Promise<void> {
    const values = { request_us: requestUs, json };
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('taxii_statuses')
        .where('request_us', '<', requestUs - STATUS_KEPT_US)
        .execute();
      await transaction
        .insertInto('taxii_statuses')
        .values({ root_path: rootPath, member_id: memberId, id, ...values })
        .onConflict((conflict) => conflict.columns(['root_path', 'member_id', 'id']).doUpdateSet(values))
        .execute();
    });
  }

  async findStatus(rootPath: string, memberId: string, statusId: string): Promise<StoredStatus | null> {
    const row = await this.#database
      .selectFrom('taxii_statuses')
      .select(['id', 'request_us as requestUs', 'json'])
      .where('root_path', '=', rootPath)
      .where('member_id', '=', memberId)
      .where('id', '=', statusId)
      .executeTakeFirst();
    return row ?? null;
  }

  async #findRoots(path: string | null, memberId: string): Promise<readonly ApiRoot[]> {
    const { rows } = await sql<ApiRoot>`
      SELECT r.path, r.title, r.description, r.is_default AS "isDefault" FROM taxii_roots r
      WHERE (${path}::text IS NULL OR r.path = ${path}) AND (r.is_open OR EXISTS (
        SELECT FROM taxii_collections c WHERE c.root_path = r.path AND (c.is_announced OR EXISTS (
          SELECT FROM taxii_rights g WHERE g.collection_id = c.id AND ${isPrincipal(memberId)}))))
      ORDER BY r.path
    `.execute(this.#database);
    return rows;
  }

  async #findCollections(
    rootPath: string,
    idOrAlias: string | null,
    memberId: string,
  ): Promise<readonly Collection[]> {
    const { rows } = await sql<Collection>`
      SELECT c.id, c.alias, c.title, c.description, c.media_types AS "mediaTypes",
        coalesce(bool_or(g.can_read), false) AS "canRead", coalesce(bool_or(g.can_write), false) AS "canWrite"
      FROM taxii_collections c LEFT JOIN taxii_rights g ON g.collection_id = c.id AND ${isPrincipal(memberId)}
      WHERE c.root_path = ${rootPath} AND (${idOrAlias}::text IS NULL OR c.id = ${idOrAlias} OR c.alias = ${idOrAlias})
        AND (c.is_announced OR g.principal IS NOT NULL)
      GROUP BY c.id ORDER BY c.id
    `.execute(this.#database);
    return rows;
  }
}

/** That a right `g` is this member's, or one of their groups'. */
function isPrincipal(memberId: string) {
  return sql`(g.principal = ${memberId} OR g.principal IN (
    SELECT 'group:' || m.group_id FROM group_members m WHERE m.member_id = ${memberId}))`;
}

async function grant(
  database: Kysely<TaxiiTables>,
  collectionId: string,
  principal: string,
  rights: CollectionRights,
): Promise<void> {
  const values = { can_read: rights !== 'write', can_write: rights !== 'read' };
  await database
    .insertInto('taxii_rights')
    .values({ collection_id: collectionId, principal, ...values })
    .onConflict((conflict) => conflict.columns(['collection_id', 'principal']).doUpdateSet(values))
    .execute();
}

function nameRights(canRead: boolean, canWrite: boolean): CollectionRights {
  if (canRead && canWrite) return 'read-write';
  return canRead ? 'read' : 'write';
}
