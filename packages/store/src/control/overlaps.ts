import type { Kysely } from 'kysely';
import type { MatchingTables } from './matching-tables.js';

/** A run of level 0 between two labs. */
export interface OverlapRun {
  /** 64 hexadecimal digits. */
  readonly run: string;
  readonly epoch: number;
  /** Who began it. */
  readonly lab: string;
  readonly peer: string;
}

/** Permissions and messages of level 0, which is a matter of two labs. */
export class Overlaps {
  readonly #database: Kysely<MatchingTables>;

  constructor(database: Kysely<MatchingTables>) {
    this.#database = database;
  }

  /** Replaces what `lab` permitted with `peer` before. */
  async putGrant(lab: string, peer: string, untilMs: number, text: string): Promise<void> {
    const values = { until_ms: untilMs, text };
    await this.#database
      .insertInto('overlap_grants')
      .values({ lab, peer, ...values })
      .onConflict((conflict) => conflict.columns(['lab', 'peer']).doUpdateSet(values))
      .execute();
  }

  /** With how many others than `peer` a lab has ever permitted runs. */
  async countGrants(lab: string, peer: string): Promise<number> {
    const { count } = await this.#database
      .selectFrom('overlap_grants')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('lab', '=', lab)
      .where('peer', '<>', peer)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Until when `lab` permits runs with `peer`; 0 when it never did. */
  async grantedUntil(lab: string, peer: string): Promise<number> {
    const row = await this.#database
      .selectFrom('overlap_grants')
      .select('until_ms')
      .where('lab', '=', lab)
      .where('peer', '=', peer)
      .executeTakeFirst();
    return row?.until_ms ?? 0;
  }

  /** False when there is a run of that name. */
  async addRun(run: OverlapRun): Promise<boolean> {
    const added = await this.#database
      .insertInto('overlap_runs')
      .values(run)
      .onConflict((conflict) => conflict.column('run').doNothing())
      .returning('run')
      .execute();
    return added.length > 0;
  }

  async findRun(run: string): Promise<OverlapRun | null> {
    const row = await this.#database
      .selectFrom('overlap_runs')
      .selectAll()
      .where('run', '=', run)
      .executeTakeFirst();
    return row ?? null;
  }

  /** Runs that a lab is in, of one epoch. */
  async listRuns(epoch: number, lab: string): Promise<OverlapRun[]> {
    return this.#database
      .selectFrom('overlap_runs')
      .selectAll()
      .where('epoch', '=', epoch)
      .where(({ or, eb }) => or([eb('lab', '=', lab), eb('peer', '=', lab)]))
      .orderBy('run')
      .execute();
  }

  /** False when the sender has said something at this step already: it stays as it is. */
  async addMessage(run: string, sender: string, step: string, text: string): Promise<boolean> {
    const added = await this.#database
      .insertInto('overlap_messages')
      .values({ run, sender, step, text })
      .onConflict((conflict) => conflict.columns(['run', 'sender', 'step']).doNothing())
      .returning('run')
      .execute();
    return added.length > 0;
  }

  async findMessage(run: string, sender: string, step: string): Promise<string | null> {
    const row = await this.#database
      .selectFrom('overlap_messages')
      .select('text')
      .where('run', '=', run)
      .where('sender', '=', sender)
      .where('step', '=', step)
      .executeTakeFirst();
    return row?.text ?? null;
  }
}
