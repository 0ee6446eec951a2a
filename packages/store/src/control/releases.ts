import type { KeptRelease, ReleaseStore } from '@phalanx/coalition/policy';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { ReleaseTables } from './release-tables.js';

/** Decisions on what leaves: receipts with what opens them, and how often each standing approval was used on a day. */
export class Releases implements ReleaseStore {
  readonly #database: Kysely<ReleaseTables>;

  constructor(database: Kysely<ReleaseTables>) {
    this.#database = database;
  }

  async countUses(day: string): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database
      .selectFrom('standing_uses')
      .selectAll()
      .where('day', '=', day)
      .execute();
    return new Map(rows.map(({ approval_sha256: sha256, used }) => [sha256, used]));
  }

  async takeUses(
    day: string,
    standing: readonly { readonly sha256: string; readonly maxPerDay: number }[],
  ): Promise<boolean> {
    if (standing.length === 0) return true;
    // In one order for everybody, so that two releases do not wait for each other.
    const sorted = [...standing].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    try {
      await this.#database.transaction().execute(async (transaction) => {
        for (const { sha256, maxPerDay } of sorted) {
          const taken = await transaction
            .insertInto('standing_uses')
            .values({ day, approval_sha256: sha256, used: 1 })
            .onConflict((conflict) =>
              conflict
                .columns(['day', 'approval_sha256'])
                .doUpdateSet(({ eb }) => ({ used: eb('standing_uses.used', '+', 1) }))
                .where('standing_uses.used', '<', maxPerDay),
            )
            .executeTakeFirst();
          if ((taken.numInsertedOrUpdatedRows ?? 0n) === 0n) throw new UsedUp();
        }
      });
      return true;
    } catch (error) {
      if (error instanceof UsedUp) return false;
      throw error;
    }
  }

  /** One at a time, so that numbers have no gap. */
  async keep(make: (sequence: number) => KeptRelease): Promise<KeptRelease> {
    return this.#database.transaction().execute(async (transaction) => {
      await sql`LOCK TABLE releases IN EXCLUSIVE MODE`.execute(transaction);
      const last = await transaction
        .selectFrom('releases')
        .select(({ fn }) => fn.max('sequence').as('sequence'))
        .executeTakeFirst();
      const kept = make(last?.sequence == null ? 0 : last.sequence + 1);
      await transaction
        .insertInto('releases')
        .values({
          sequence: kept.statement.sequence,
          release_id: kept.statement.releaseId,
          statement: JSON.stringify(kept.statement),
          opening: JSON.stringify(kept.opening),
          reasons: JSON.stringify(kept.reasons),
          envelope: kept.envelope,
          retain_until_ms: kept.retainUntilMs,
          is_logged: false,
        })
        .execute();
      return kept;
    });
  }

  async markLogged(releaseId: string): Promise<void> {
    await this.#database
      .updateTable('releases')
      .set({ is_logged: true })
      .where('release_id', '=', releaseId)
      .execute();
  }

  async listUnlogged(): Promise<readonly KeptRelease[]> {
    const rows = await this.#database
      .selectFrom('releases')
      .selectAll()
      .where('is_logged', '=', false)
      .orderBy('sequence')
      .execute();
    return rows.map(readRelease);
  }

  async find(releaseId: string): Promise<KeptRelease | null> {
    const row = await this.#database
      .selectFrom('releases')
      .selectAll()
      .where('release_id', '=', releaseId)
      .executeTakeFirst();
    return row === undefined ? null : readRelease(row);
  }

  /**
   * Erases bytes, reasons and salts of releases whose time is over; receipts stay, and nobody can open them any more. Returns how many
   * there were.
   */
  async eraseEnded(nowMs: number): Promise<number> {
    const erased = await this.#database
      .updateTable('releases')
      .set({ envelope: null, opening: null, reasons: '[]' })
      .where('retain_until_ms', '<=', nowMs)
      .where('envelope', 'is not', null)
      .executeTakeFirst();
    return Number(erased.numUpdatedRows);
  }
}

class UsedUp extends Error {}

function readRelease(row: Selectable<ReleaseTables['releases']>): KeptRelease {
  return {
    statement: JSON.parse(row.statement),
    opening: row.opening === null ? null : JSON.parse(row.opening),
    reasons: JSON.parse(row.reasons),
    envelope: row.envelope,
    retainUntilMs: row.retain_until_ms,
  };
}
