import type { Kysely } from 'kysely';
import type { MatchingTables } from './matching-tables.js';

/** Where the making of an epoch's key stands. */
export interface CeremonyState {
  readonly epoch: number;
  /** From 1; the next when one came to nothing. */
  readonly attempt: number;
  readonly step: string;
  /** When the step ends without who is missing; null while nobody has begun it, and when all is done. */
  readonly closesMs: number | null;
  /** Numbers of servers that asked for a new attempt, in order. */
  readonly restarts: readonly number[];
}

/** A message of one key server to another (`recipient`), or to all (0). `text` is the whole envelope. */
export interface StoredEnvelope {
  readonly step: string;
  readonly sender: number;
  readonly recipient: number;
  readonly text: string;
}

/** What key servers say to one another while they make a key, in the hub's keeping. */
export class KeyEnvelopes {
  readonly #database: Kysely<MatchingTables>;

  constructor(database: Kysely<MatchingTables>) {
    this.#database = database;
  }

  async findCeremony(epoch: number): Promise<CeremonyState | null> {
    const row = await this.#database
      .selectFrom('key_ceremonies')
      .selectAll()
      .where('epoch', '=', epoch)
      .executeTakeFirst();
    if (row === undefined) return null;
    const { attempt, step, closes_ms: closesMs, restarts } = row;
    return { epoch, attempt, step, closesMs, restarts: restarts as number[] };
  }

  /** Writes the state down; envelopes of earlier attempts are removed. */
  async putCeremony({ epoch, attempt, step, closesMs, restarts }: CeremonyState): Promise<void> {
    const values = { attempt, step, closes_ms: closesMs, restarts: JSON.stringify(restarts) };
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('key_ceremonies')
        .values({ epoch, ...values })
        .onConflict((conflict) => conflict.column('epoch').doUpdateSet(values))
        .execute();
      await transaction
        .deleteFrom('key_envelopes')
        .where('epoch', '=', epoch)
        .where('attempt', '<', attempt)
        .execute();
    });
  }

  /** Adds envelopes in one transaction. Those that are there already, by step, sender and recipient, stay as they are. */
  async add(epoch: number, attempt: number, envelopes: readonly StoredEnvelope[]): Promise<void> {
    await this.#database
      .insertInto('key_envelopes')
      .values(envelopes.map((envelope) => ({ epoch, attempt, ...envelope })))
      .onConflict((conflict) =>
        conflict.columns(['epoch', 'attempt', 'step', 'sender', 'recipient']).doNothing(),
      )
      .execute();
  }

  /** By sender, then recipient. */
  async list(epoch: number, attempt: number, step: string): Promise<StoredEnvelope[]> {
    return this.#database
      .selectFrom('key_envelopes')
      .select(['step', 'sender', 'recipient', 'text'])
      .where('epoch', '=', epoch)
      .where('attempt', '=', attempt)
      .where('step', '=', step)
      .orderBy('sender')
      .orderBy('recipient')
      .execute();
  }

  /** Removes what is left of epochs before `epoch`. */
  async removeBefore(epoch: number): Promise<void> {
    await this.#database.deleteFrom('key_ceremonies').where('epoch', '<', epoch).execute();
    await this.#database.deleteFrom('key_envelopes').where('epoch', '<', epoch).execute();
  }
}
