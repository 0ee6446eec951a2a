import type { Clock } from '@phalanx/core';
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import type { ControlTables } from './control-tables.js';
import type { EpochKeys } from './epoch-keys.js';
import { Groups } from './groups.js';
import { HubStatements } from './hub-statements.js';
import { KeyEnvelopes } from './key-envelopes.js';
import { MatchingBatches } from './matching-batches.js';
import { Members } from './members.js';
import { migrate } from './migrate.js';
import { Nonces } from './nonces.js';
import { Overlaps } from './overlaps.js';
import { Quarantine } from './quarantine.js';
import { Quotas } from './quotas.js';
import { ReceivedTerms } from './received-terms.js';
import { Releases } from './releases.js';
import { Retractions } from './retractions.js';
import { TaxiiCollections } from './taxii-collections.js';

/** The state of a coalition: one member a noun. Everything is in one database, so that a caller may trust what it has read. */
export class ControlStore {
  readonly taxii: TaxiiCollections;
  readonly members: Members;
  readonly groups: Groups;
  readonly quotas: Quotas;
  readonly keyEnvelopes: KeyEnvelopes;
  readonly overlaps: Overlaps;
  readonly statements: HubStatements;
  readonly quarantine: Quarantine;
  readonly retractions: Retractions;
  readonly releases: Releases;
  readonly receivedTerms: ReceivedTerms;
  readonly #database: Kysely<ControlTables>;

  private constructor(database: Kysely<ControlTables>) {
    this.#database = database;
    this.taxii = new TaxiiCollections(database);
    this.members = new Members(database);
    this.groups = new Groups(database);
    this.quotas = new Quotas(database);
    this.keyEnvelopes = new KeyEnvelopes(database);
    this.overlaps = new Overlaps(database);
    this.statements = new HubStatements(database);
    this.quarantine = new Quarantine(database);
    this.retractions = new Retractions(database);
    this.releases = new Releases(database);
    this.receivedTerms = new ReceivedTerms(database);
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

  /** What labs gave for matching, sealed under keys that lie elsewhere. */
  matchingBatches(keys: EpochKeys): MatchingBatches {
    return new MatchingBatches(this.#database, keys);
  }

  /** What was used once: nonces of signatures, ids of tokens and of acts. */
  nonces(clock: Clock): Nonces {
    return new Nonces(this.#database, clock);
  }

  /** Waits for what runs, then lets go of files and connections. Idempotent. */
  async close(): Promise<void> {
    await this.#database.destroy();
  }
}
