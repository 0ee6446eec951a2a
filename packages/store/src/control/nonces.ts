import { createHash } from 'node:crypto';
import type { NonceStore } from '@phalanx/coalition/identity';
import { type Clock, MINUTE_MS, PhalanxError } from '@phalanx/core';
import type { Kysely } from 'kysely';
import type { MemberTables } from './member-tables.js';

/** Nonces of one scope, a member's or its key's, in one minute and process: a little more than what a TAXII server answers of one member. */
const MOST_A_MINUTE = 2_000;
/** How often what has expired is removed. */
const SWEEP_MS = 10_000;
/** How much longer it is kept: the clock of another process may be behind. */
const KEEP_MS = 5 * MINUTE_MS;

/**
 * What was used once, in the database: true to one caller of all processes, also after a restart. Room is bounded by the rate: a scope has at
 * most `MOST_A_MINUTE` new nonces a minute in a process, and what has expired is removed.
 */
export class Nonces implements NonceStore {
  readonly #database: Kysely<MemberTables>;
  readonly #clock: Clock;
  readonly #counts = new Map<string, number>();
  #minute = 0;
  #sweptMs = 0;

  constructor(database: Kysely<MemberTables>, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async use(scope: string, nonce: string, untilMs: number): Promise<boolean> {
    const nowMs = this.#clock.nowMs();
    this.#count(scope, nowMs);
    await this.#sweep(nowMs);
    const digest = createHash('sha256').update(`${scope.length} ${scope}${nonce}`).digest().subarray(0, 16);
    const added = await this.#database
      .insertInto('nonces')
      .values({ digest, until_ms: Math.ceil(untilMs) })
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .executeTakeFirst();
    return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }

  #count(scope: string, nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) this.#counts.clear();
    this.#minute = minute;
    const count = (this.#counts.get(scope) ?? 0) + 1;
    if (count > MOST_A_MINUTE) {
      throw new PhalanxError('COALITION_LIMIT', 'too many nonces in a minute', {
        advice: 'send fewer requests, or more in each',
        retryable: true,
      });
    }
    this.#counts.set(scope, count);
  }

  async #sweep(nowMs: number): Promise<void> {
    if (nowMs < this.#sweptMs + SWEEP_MS) return;
    this.#sweptMs = nowMs;
    await this.#database
      .deleteFrom('nonces')
      .where('until_ms', '<=', nowMs - KEEP_MS)
      .execute();
  }
}
