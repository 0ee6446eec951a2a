import { createHash } from 'node:crypto';
import { PhalanxError, seal, unseal, utf8 } from '@phalanx/core';
import { type Kysely, sql } from 'kysely';
import type { StoreErrorCode } from '../errors.js';
import type { EpochKeys } from './epoch-keys.js';
import type { BatchKind, MatchingTables } from './matching-tables.js';

const MAX_PLACE = 255;

/** One thing that a lab gave. */
export interface MatchingBatch {
  readonly lab: string;
  readonly kind: BatchKind;
  /** The message. */
  readonly text: Uint8Array;
}

/** What labs gave in an epoch, sealed under the epoch's key, and their places. */
export class MatchingBatches {
  readonly #database: Kysely<MatchingTables>;
  readonly #keys: EpochKeys;

  constructor(database: Kysely<MatchingTables>, keys: EpochKeys) {
    this.#database = database;
    this.#keys = keys;
  }

  /**
   * The number of a lab, 1 to 255: the lowest that nobody ever had. It stays the lab's for ever.
   *
   * @throws PhalanxError `STORE_ARGUMENT` for the 256th lab
   */
  async placeOf(lab: string): Promise<number> {
    return this.#database.transaction().execute(async (transaction) => {
      await sql`LOCK TABLE matching_places IN EXCLUSIVE MODE`.execute(transaction);
      const rows = await transaction.selectFrom('matching_places').selectAll().execute();
      const known = rows.find((row) => row.lab === lab);
      if (known !== undefined) return known.place;
      const place = Math.max(0, ...rows.map((row) => row.place)) + 1;
      if (place > MAX_PLACE)
        throw new PhalanxError<StoreErrorCode>('STORE_ARGUMENT', `more than ${MAX_PLACE} labs`, {
          advice: 'Begin another coalition.',
        });
      await transaction.insertInto('matching_places').values({ lab, place }).execute();
      return place;
    });
  }

  /** Labs by place. */
  async listPlaces(): Promise<ReadonlyMap<number, string>> {
    const rows = await this.#database.selectFrom('matching_places').selectAll().execute();
    return new Map(rows.map(({ lab, place }) => [place, lab]));
  }

  /**
   * Keeps what a lab gave; resolves when it survives a loss of power.
   *
   * @returns false when the very same is there already
   */
  async add(epoch: number, { lab, kind, text }: MatchingBatch): Promise<boolean> {
    const key = await this.#keys.make(epoch);
    const { nonce, box } = seal(key, text, contextOf(epoch, kind, lab));
    const digest = new Uint8Array(createHash('sha256').update(text).digest());
    const added = await this.#database
      .insertInto('matching_batches')
      .values({ epoch, kind, lab, digest, nonce, box })
      .onConflict((conflict) => conflict.columns(['epoch', 'kind', 'lab', 'digest']).doNothing())
      .returning('number')
      .execute();
    return added.length > 0;
  }

  /** What was given in an epoch, in order, one batch at a time; nothing once its key is destroyed. */
  async *read(epoch: number): AsyncGenerator<MatchingBatch> {
    const key = this.#keys.find(epoch);
    if (key === null) return;
    for (let after = 0; ; ) {
      const row = await this.#database
        .selectFrom('matching_batches')
        .select(['number', 'kind', 'lab', 'nonce', 'box'])
        .where('epoch', '=', epoch)
        .where('number', '>', after)
        .orderBy('number')
        .limit(1)
        .executeTakeFirst();
      if (row === undefined) return;
      after = row.number;
      const text = unseal(key, row, contextOf(epoch, row.kind, row.lab));
      if (text === null)
        throw new PhalanxError<StoreErrorCode>(
          'STORE_KEY_CORRUPT',
          `the key of epoch ${epoch} does not open what was given in it`,
          {
            advice:
              'Put back the keys that belong to this database, or remove them and begin the epoch anew.',
          },
        );
      yield { lab: row.lab, kind: row.kind, text };
    }
  }

  /** Destroys the keys of epochs before `epoch`, then removes what lay under them. Returns the epochs whose key was destroyed. */
  async destroyBefore(epoch: number): Promise<number[]> {
    const destroyed = await this.#keys.destroyBefore(epoch);
    await this.#database.deleteFrom('matching_batches').where('epoch', '<', epoch).execute();
    await this.#database.deleteFrom('overlap_runs').where('epoch', '<', epoch).execute();
    return destroyed;
  }

  /** 32 bytes that stay the same for an epoch and go with it: for padding. */
  async secretOf(epoch: number): Promise<Uint8Array> {
    const key = await this.#keys.make(epoch);
    return new Uint8Array(createHash('sha256').update('phalanx-lookup-padding-v1\0').update(key).digest());
  }
}

function contextOf(epoch: number, kind: BatchKind, lab: string): Uint8Array {
  return utf8(`phalanx-matching-batch-v1\0${epoch}\0${kind}\0${lab}`);
}
