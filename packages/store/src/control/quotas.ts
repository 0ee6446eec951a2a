import type { QuotaState, SetDeclaration } from '@phalanx/coalition/matching';
import type { Kysely } from 'kysely';
import type { MatchingTables } from './matching-tables.js';

const TAG_BYTES = 32;

/** What labs may still ask a key server or a hub for: survives a crash, since a server that forgets gives everything twice. */
export class Quotas {
  readonly #database: Kysely<MatchingTables>;

  constructor(database: Kysely<MatchingTables>) {
    this.#database = database;
  }

  /** Of all labs in an epoch, as `EpochQuota` takes it. */
  async list(epoch: number): Promise<[lab: string, state: QuotaState][]> {
    const rows = await this.#database
      .selectFrom('matching_quotas')
      .selectAll()
      .where('epoch', '=', epoch)
      .execute();
    return rows.map(({ lab, first, changes, used, runs, declaration }) => [
      lab,
      {
        first,
        changes,
        used,
        runs: runs as Record<string, number>,
        declaration: { type: 'phalanx-set-declaration-v1', epoch, tags: splitTags(declaration) },
      },
    ]);
  }

  /**
   * Writes a state down; resolves when it survives a loss of power. What was used never becomes less within an epoch, in whatever order
   * writes arrive.
   *
   * @param isDeclared whether the declaration is new: it is large, and is written only then
   */
  async put(epoch: number, lab: string, state: QuotaState, isDeclared: boolean): Promise<void> {
    const { first, changes, used, runs } = state;
    const text = JSON.stringify(runs);
    if (isDeclared) {
      const declaration = joinTags(state.declaration);
      await this.#database
        .insertInto('matching_quotas')
        .values({ epoch, lab, first, changes, used, runs: text, declaration })
        .onConflict((conflict) => conflict.columns(['epoch', 'lab']).doUpdateSet({ changes, declaration }))
        .execute();
      return;
    }
    await this.#database
      .updateTable('matching_quotas')
      .set(({ fn, val, ref }) => ({
        used: fn<number>('greatest', [ref('used'), val(used)]),
        runs: text,
      }))
      .where('epoch', '=', epoch)
      .where('lab', '=', lab)
      .execute();
  }

  /** Forgets epochs that are over. */
  async removeBefore(epoch: number): Promise<void> {
    await this.#database.deleteFrom('matching_quotas').where('epoch', '<', epoch).execute();
  }
}

function splitTags(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / TAG_BYTES }, (_, i) =>
    bytes.subarray(i * TAG_BYTES, (i + 1) * TAG_BYTES),
  );
}

function joinTags({ tags }: SetDeclaration): Uint8Array {
  const bytes = Buffer.alloc(tags.length * TAG_BYTES);
  for (const [i, tag] of tags.entries()) bytes.set(tag, i * TAG_BYTES);
  return bytes;
}
