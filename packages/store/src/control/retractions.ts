import type { Acknowledgement, Retraction, RetractionStore } from '@phalanx/coalition/trust';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { TrustTables } from './trust-tables.js';

/** A hub's feed of what was taken back, and who has read how far. */
export class Retractions implements RetractionStore {
  readonly #database: Kysely<TrustTables>;

  constructor(database: Kysely<TrustTables>) {
    this.#database = database;
  }

  /** One at a time, so that `seq` has no gap and no reader passes over one that commits late. */
  async addRetraction(retraction: Omit<Retraction, 'seq'>): Promise<Retraction> {
    return this.#database.transaction().execute(async (transaction) => {
      await sql`LOCK TABLE retractions IN EXCLUSIVE MODE`.execute(transaction);
      const there = await transaction
        .selectFrom('retractions')
        .selectAll()
        .where('digest', '=', retraction.digest)
        .executeTakeFirst();
      if (there !== undefined) return readRetraction(there);
      const last = await transaction
        .selectFrom('retractions')
        .select(({ fn }) => fn.max('seq').as('seq'))
        .executeTakeFirst();
      const seq = (last?.seq ?? 0) + 1;
      await transaction
        .insertInto('retractions')
        .values({
          seq,
          object_id: retraction.objectId,
          digest: retraction.digest,
          member: retraction.member,
          at_ms: retraction.atMs,
          object: JSON.stringify(retraction.object),
        })
        .execute();
      return { ...retraction, seq };
    });
  }

  async listRetractions(afterSeq: number, limit: number): Promise<readonly Retraction[]> {
    const rows = await this.#database
      .selectFrom('retractions')
      .selectAll()
      .where('seq', '>', afterSeq)
      .orderBy('seq')
      .limit(limit)
      .execute();
    return rows.map(readRetraction);
  }

  async acknowledge({ member, seq, atMs }: Acknowledgement): Promise<void> {
    await this.#database
      .insertInto('retraction_acknowledgements')
      .values({ member, seq, at_ms: atMs })
      .onConflict((conflict) =>
        conflict
          .column('member')
          .doUpdateSet({ seq, at_ms: atMs })
          .where('retraction_acknowledgements.seq', '<', seq),
      )
      .execute();
  }

  async listAcknowledgements(): Promise<readonly Acknowledgement[]> {
    const rows = await this.#database.selectFrom('retraction_acknowledgements').selectAll().execute();
    return rows.map((row) => ({ member: row.member, seq: row.seq, atMs: row.at_ms }));
  }
}

function readRetraction(row: Selectable<TrustTables['retractions']>): Retraction {
  return {
    seq: row.seq,
    objectId: row.object_id,
    digest: row.digest,
    member: row.member,
    atMs: row.at_ms,
    object: JSON.parse(row.object),
  };
}
