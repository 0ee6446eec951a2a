import type { Generated, Kysely } from 'kysely';

/** Tables of `migrations/051-statements.ts`. */
export interface StatementTables {
  hub_statements: { number: Generated<number>; text: string; opening: string | null };
  retraction_places: { seq: number; root_path: string; collection_id: string };
}

/** A statement with its number. */
export interface HubStatement {
  readonly number: number;
  /** Canonical JSON. */
  readonly text: string;
}

/** Where a retraction stands: who may read there may know of it. */
export interface RetractionPlace {
  readonly rootPath: string;
  readonly collectionId: string;
}

/** What a hub states: receipts of what came in, decisions about members. Digests, never indicators. */
export class HubStatements {
  readonly #database: Kysely<StatementTables>;

  constructor(database: Kysely<StatementTables>) {
    this.#database = database;
  }

  /**
   * Resolves when it survives a loss of power.
   *
   * @param opening what opens its digests, for the hub alone; null where it has none
   */
  async add(text: string, opening: string | null = null): Promise<void> {
    await this.#database.insertInto('hub_statements').values({ text, opening }).execute();
  }

  /** In order, those after a number; at most `limit`. */
  async list(after: number, limit: number): Promise<HubStatement[]> {
    return this.#database
      .selectFrom('hub_statements')
      .select(['number', 'text'])
      .where('number', '>', after)
      .orderBy('number')
      .limit(limit)
      .execute();
  }

  async putRetractionPlace(seq: number, { rootPath, collectionId }: RetractionPlace): Promise<void> {
    await this.#database
      .insertInto('retraction_places')
      .values({ seq, root_path: rootPath, collection_id: collectionId })
      .onConflict((conflict) => conflict.columns(['seq', 'collection_id']).doNothing())
      .execute();
  }

  async listRetractionPlaces(seq: number): Promise<RetractionPlace[]> {
    const rows = await this.#database
      .selectFrom('retraction_places')
      .selectAll()
      .where('seq', '=', seq)
      .execute();
    return rows.map((row) => ({ rootPath: row.root_path, collectionId: row.collection_id }));
  }
}
