import type { SignerKey } from '@phalanx/coalition';
import {
  type Group,
  type GroupRegistry,
  PSEUDONYM_GRACE_MS,
  type Pseudonym,
  type PublicJwk,
  toPublicKey,
} from '@phalanx/coalition/identity';
import { DAY_MS } from '@phalanx/core';
import type { Kysely, Selectable } from 'kysely';
import type { MemberTables } from './member-tables.js';

/** Groups, who is in them, and who is behind their pseudonyms. Whoever reads this database knows all of it. */
export class Groups implements GroupRegistry {
  readonly #database: Kysely<MemberTables>;

  constructor(database: Kysely<MemberTables>) {
    this.#database = database;
  }

  async putGroup({ id, name, visibility, epochDays }: Group): Promise<void> {
    const known = { name, visibility };
    // The length of epochs stays: epochs are numbered by it.
    await this.#database
      .insertInto('member_groups')
      .values({ id, ...known, epoch_days: epochDays })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(known))
      .execute();
  }

  async addToGroup(groupId: string, memberId: string): Promise<void> {
    await this.#database
      .insertInto('group_members')
      .values({ group_id: groupId, member_id: memberId })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async removeFromGroup(groupId: string, memberId: string): Promise<void> {
    await this.#database
      .deleteFrom('group_members')
      .where('group_id', '=', groupId)
      .where('member_id', '=', memberId)
      .execute();
  }

  async listGroups(memberId: string): Promise<Group[]> {
    const rows = await this.#of(memberId).orderBy('id').execute();
    return rows.map(toGroup);
  }

  async findGroup(groupId: string, memberId: string): Promise<Group | null> {
    const row = await this.#of(memberId).where('id', '=', groupId).executeTakeFirst();
    return row === undefined ? null : toGroup(row);
  }

  #of(memberId: string) {
    return this.#database
      .selectFrom('group_members')
      .innerJoin('member_groups', 'member_groups.id', 'group_members.group_id')
      .selectAll('member_groups')
      .where('member_id', '=', memberId);
  }

  async listPseudonyms(groupId: string, epoch: number): Promise<Pseudonym[]> {
    const rows = await this.#database
      .selectFrom('pseudonyms')
      .selectAll()
      .where('group_id', '=', groupId)
      .where('epoch', '=', epoch)
      .orderBy('identity')
      .execute();
    return rows.map(toPseudonym);
  }

  /** @throws PhalanxError `STORE_ROW_INVALID` when the key or identity is that of another pseudonym */
  async addPseudonym(pseudonym: Pseudonym): Promise<Pseudonym> {
    const { groupId, epoch, memberId, identity, kid, jwk, certificate } = pseudonym;
    await this.#database
      .insertInto('pseudonyms')
      .values({
        group_id: groupId,
        epoch,
        member_id: memberId,
        identity,
        kid,
        jwk: JSON.stringify(jwk),
        certificate,
      })
      .onConflict((conflict) => conflict.columns(['group_id', 'epoch', 'member_id']).doNothing())
      .execute();
    const row = await this.#database
      .selectFrom('pseudonyms')
      .selectAll()
      .where('group_id', '=', groupId)
      .where('epoch', '=', epoch)
      .where('member_id', '=', memberId)
      .executeTakeFirstOrThrow();
    return toPseudonym(row);
  }

  async findAuthor(identity: string): Promise<Pseudonym | null> {
    const row = await this.#database
      .selectFrom('pseudonyms')
      .selectAll()
      .where('identity', '=', identity)
      .executeTakeFirst();
    return row === undefined ? null : toPseudonym(row);
  }

  /** Identities of all pseudonyms of all groups, as long as they are not forgotten. */
  async listIdentities(): Promise<string[]> {
    const rows = await this.#database.selectFrom('pseudonyms').select('identity').execute();
    return rows.map(({ identity }) => identity);
  }

  /** Keys of members who are not suspended that sign objects under pseudonyms of any group from an epoch that ends after `atMs`, by `kid`: for `verifyObject`. */
  async listSigners(atMs: number): Promise<Map<string, SignerKey>> {
    const rows = await this.#database
      .selectFrom('pseudonyms')
      .innerJoin('member_groups', 'member_groups.id', 'pseudonyms.group_id')
      .innerJoin('members', 'members.id', 'pseudonyms.member_id')
      .select(['kid', 'jwk', 'pseudonyms.identity', 'epoch', 'epoch_days'])
      .where('suspended_at_ms', 'is', null)
      .execute();
    const present = rows.filter(
      (row) => (row.epoch + 1) * row.epoch_days * DAY_MS + PSEUDONYM_GRACE_MS > atMs,
    );
    return new Map(
      present.map(({ kid, jwk, identity }) => [kid, { publicKey: toPublicKey(jwk as PublicJwk), identity }]),
    );
  }

  async forgetBefore(groupId: string, epoch: number): Promise<number> {
    const forgotten = await this.#database
      .deleteFrom('pseudonyms')
      .where('group_id', '=', groupId)
      .where('epoch', '<', epoch)
      .executeTakeFirst();
    return Number(forgotten.numDeletedRows);
  }
}

function toGroup(row: Selectable<MemberTables['member_groups']>): Group {
  return {
    id: row.id,
    name: row.name,
    visibility: row.visibility as Group['visibility'],
    epochDays: row.epoch_days,
  };
}

function toPseudonym(row: Selectable<MemberTables['pseudonyms']>): Pseudonym {
  return {
    groupId: row.group_id,
    epoch: row.epoch,
    memberId: row.member_id,
    identity: row.identity,
    kid: row.kid,
    jwk: row.jwk as PublicJwk,
    certificate: row.certificate,
  };
}
