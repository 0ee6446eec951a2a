import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import type { ControlTables } from './control-tables.js';
import { migrate } from './migrate.js';

/** The state of a coalition: one member a noun. Everything is in one database, so that a caller may trust what it has read. */
export class ControlStore {
  readonly #database: Kysely<ControlTables>;

  private constructor(database: Kysely<ControlTables>) {
    this.#database = database;
  }

  /** Brings the schema of what the pool leads to up to date, and takes the pool over. */
  static async open(pool: PostgresPool): Promise<ControlStore> {
    const database = new Kysely<ControlTables>({ dialect: new PostgresDialect({ pool }) });
    try {
      await migrate(database);
      return new ControlStore(database);
    } catch (error) {
      await database.destroy();
      throw error;
    }
  }

  /** Waits for what runs, then lets go of files and connections. Idempotent. */
  async close(): Promise<void> {
    await this.#database.destroy();
  }
}
