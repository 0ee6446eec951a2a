import type { EndedObject, IndicatorHolder, ReceivedTerm } from '@phalanx/coalition/policy';
import type { Kysely } from 'kysely';
import type { ReleaseTables } from './release-tables.js';
import type { TrustTables } from './trust-tables.js';

/** Until when what came in may be kept, and its deletion when that is over: here, in quarantine and all that was learnt of it. */
export class ReceivedTerms implements IndicatorHolder {
  readonly #database: Kysely<ReleaseTables & TrustTables>;

  constructor(database: Kysely<ReleaseTables & TrustTables>) {
    this.#database = database;
  }

  /** An object that came twice is kept for the shorter of both times: whoever shared it last may have shortened it, and nobody may lengthen what another gave. */
  async put(terms: readonly ReceivedTerm[]): Promise<void> {
    if (terms.length === 0) return;
    const rows = terms.map(({ objectId, digest, purpose, retainUntilMs }) => ({
      object_id: objectId,
      digest,
      purpose,
      retain_until_ms: retainUntilMs,
    }));
    await this.#database
      .insertInto('received_terms')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('object_id').doUpdateSet(({ fn, ref }) => ({
          digest: ref('excluded.digest'),
          retain_until_ms: fn<number>('least', [
            ref('received_terms.retain_until_ms'),
            ref('excluded.retain_until_ms'),
          ]),
        })),
      )
      .execute();
  }

  /** Null for what nobody was told the end of: it may not be used. */
  async find(objectId: string): Promise<ReceivedTerm | null> {
    const row = await this.#database
      .selectFrom('received_terms')
      .selectAll()
      .where('object_id', '=', objectId)
      .executeTakeFirst();
    return row === undefined
      ? null
      : { objectId, digest: row.digest, purpose: row.purpose, retainUntilMs: row.retain_until_ms };
  }

  async listEnded(nowMs: number, limit: number): Promise<readonly EndedObject[]> {
    const rows = await this.#database
      .selectFrom('received_terms')
      .select(['object_id', 'digest'])
      .where('retain_until_ms', '<=', nowMs)
      .orderBy('retain_until_ms')
      .limit(limit)
      .execute();
    return rows.map(({ object_id: objectId, digest }) => ({ objectId, digest }));
  }

  async erase(objectIds: readonly string[]): Promise<void> {
    if (objectIds.length === 0) return;
    await this.#database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('trust_overrides').where('indicator_id', 'in', objectIds).execute();
      await transaction.deleteFrom('trust_opinions').where('indicator_id', 'in', objectIds).execute();
      await transaction.deleteFrom('trust_claims').where('object_id', 'in', objectIds).execute();
      await transaction.deleteFrom('trust_transitions').where('indicator_id', 'in', objectIds).execute();
      await transaction.deleteFrom('trust_indicators').where('id', 'in', objectIds).execute();
      await transaction.deleteFrom('received_terms').where('object_id', 'in', objectIds).execute();
    });
  }
}
