import type { SignerKey, TlpLevel } from '@phalanx/coalition';
import {
  isValidAt,
  type Member,
  type MemberCertificate,
  type MemberCredentials,
  type MemberKey,
  type MemberRegistry,
  type MemberRole,
  type PublicJwk,
  toPublicKey,
  type Validity,
} from '@phalanx/coalition/identity';
import { PhalanxError } from '@phalanx/core';
import type { Kysely, Selectable } from 'kysely';
import type { StoreErrorCode } from '../errors.js';
import type { MemberTables } from './member-tables.js';

/**
 * Members of a coalition as its hub knows them. Each question is a lookup by primary key in the database and none is answered from memory:
 * what one process suspends or revokes counts in all others when the call resolves.
 */
export class Members implements MemberRegistry {
  readonly #database: Kysely<MemberTables>;

  constructor(database: Kysely<MemberTables>) {
    this.#database = database;
  }

  async findMember(memberId: string): Promise<Member | null> {
    const row = await this.#database
      .selectFrom('members')
      .selectAll()
      .where('id', '=', memberId)
      .executeTakeFirst();
    return row === undefined ? null : toMember(row);
  }

  /** All of them, sorted by id. */
  async listMembers(): Promise<Member[]> {
    const rows = await this.#database.selectFrom('members').selectAll().orderBy('id').execute();
    return rows.map(toMember);
  }

  async putMember({ id, identity, clearance, roles, suspendedAtMs }: Member): Promise<void> {
    const known = { identity, clearance, roles, suspended_at_ms: suspendedAtMs };
    await this.#database
      .insertInto('members')
      .values({ id, ...known })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(known))
      .execute();
  }

  async admit(member: Member, { keys, certificates, certificateNames }: MemberCredentials): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      const members = new Members(transaction);
      await members.putMember(member);
      for (const key of keys) await members.addKey(key);
      for (const certificate of certificates) await members.addCertificate(certificate);
      for (const uri of certificateNames) await members.addCertificateName(member.id, uri);
    });
  }

  async findKey(kid: string): Promise<MemberKey | null> {
    const row = await this.#database
      .selectFrom('member_keys')
      .selectAll()
      .where('kid', '=', kid)
      .executeTakeFirst();
    return row === undefined ? null : toKey(row);
  }

  async listKeys(memberId: string): Promise<MemberKey[]> {
    const rows = await this.#database
      .selectFrom('member_keys')
      .selectAll()
      .where('member_id', '=', memberId)
      .orderBy('from_ms')
      .orderBy('kid')
      .execute();
    return rows.map(toKey);
  }

  /** @throws PhalanxError `STORE_ROW_INVALID` when the key is another member's; what this member has of it stays as it is */
  async addKey({ kid, memberId, jwk, fromMs, untilMs, revokedAtMs }: MemberKey): Promise<void> {
    await this.#database
      .insertInto('member_keys')
      .values({
        kid,
        member_id: memberId,
        jwk: JSON.stringify(jwk),
        from_ms: fromMs,
        until_ms: untilMs,
        revoked_at_ms: revokedAtMs,
      })
      .onConflict((conflict) => conflict.column('kid').doNothing())
      .execute();
    requireOwner(await this.findKey(kid), memberId, 'key');
  }

  async endKey(memberId: string, kid: string, atMs: number): Promise<boolean> {
    const ended = await this.#database
      .updateTable('member_keys')
      .set(({ fn, ref, val }) => ({ until_ms: fn<number>('least', [ref('until_ms'), val(atMs)]) }))
      .where('member_id', '=', memberId)
      .where('kid', '=', kid)
      .executeTakeFirst();
    return ended.numUpdatedRows > 0n;
  }

  async revokeKey(memberId: string, kid: string, atMs: number): Promise<boolean> {
    const revoked = await this.#database
      .updateTable('member_keys')
      .set(({ fn, ref, val }) => ({ revoked_at_ms: fn<number>('least', [ref('revoked_at_ms'), val(atMs)]) }))
      .where('member_id', '=', memberId)
      .where('kid', '=', kid)
      .executeTakeFirst();
    return revoked.numUpdatedRows > 0n;
  }

  /** Keys that sign objects of members who may do so at a time, by `kid`: for `verifyObject`, which knows Ed25519 alone. */
  async listSigners(atMs: number): Promise<Map<string, SignerKey>> {
    const rows = await this.#database
      .selectFrom('member_keys')
      .innerJoin('members', 'members.id', 'member_keys.member_id')
      .select(['kid', 'jwk', 'identity', 'member_id', 'from_ms', 'until_ms', 'revoked_at_ms'])
      .where('suspended_at_ms', 'is', null)
      .execute();
    const present = rows.filter((row) => isValidAt(toValidity(row), atMs));
    return new Map(
      present.flatMap(({ kid, jwk, identity }) => {
        const known = jwk as PublicJwk;
        return known.kty === 'OKP' ? [[kid, { publicKey: toPublicKey(known), identity }] as const] : [];
      }),
    );
  }

  async findCertificate(thumbprint: string): Promise<MemberCertificate | null> {
    const row = await this.#database
      .selectFrom('member_certificates')
      .selectAll()
      .where('thumbprint', '=', thumbprint)
      .executeTakeFirst();
    return row === undefined ? null : { thumbprint, memberId: row.member_id, ...toValidity(row) };
  }

  /** @throws PhalanxError `STORE_ROW_INVALID` when the certificate is another member's; what this member has of it stays as it is */
  async addCertificate(certificate: MemberCertificate): Promise<void> {
    const { thumbprint, memberId, fromMs, untilMs, revokedAtMs } = certificate;
    await this.#database
      .insertInto('member_certificates')
      .values({
        thumbprint,
        member_id: memberId,
        from_ms: fromMs,
        until_ms: untilMs,
        revoked_at_ms: revokedAtMs,
      })
      .onConflict((conflict) => conflict.column('thumbprint').doNothing())
      .execute();
    requireOwner(await this.findCertificate(thumbprint), memberId, 'certificate');
  }

  async revokeCertificate(memberId: string, thumbprint: string, atMs: number): Promise<boolean> {
    const revoked = await this.#database
      .updateTable('member_certificates')
      .set(({ fn, ref, val }) => ({ revoked_at_ms: fn<number>('least', [ref('revoked_at_ms'), val(atMs)]) }))
      .where('member_id', '=', memberId)
      .where('thumbprint', '=', thumbprint)
      .executeTakeFirst();
    return revoked.numUpdatedRows > 0n;
  }

  async findCertificateName(uri: string): Promise<Member | null> {
    const row = await this.#database
      .selectFrom('member_certificate_names')
      .innerJoin('members', 'members.id', 'member_certificate_names.member_id')
      .selectAll('members')
      .where('uri', '=', uri)
      .executeTakeFirst();
    return row === undefined ? null : toMember(row);
  }

  /** @throws PhalanxError `STORE_ROW_INVALID` when the name is another member's */
  async addCertificateName(memberId: string, uri: string): Promise<void> {
    await this.#database
      .insertInto('member_certificate_names')
      .values({ uri, member_id: memberId })
      .onConflict((conflict) => conflict.column('uri').doNothing())
      .execute();
    const owner = await this.findCertificateName(uri);
    requireOwner(owner === null ? null : { memberId: owner.id }, memberId, 'name of certificates');
  }

  async findPassword(memberId: string): Promise<string | null> {
    const row = await this.#database
      .selectFrom('member_passwords')
      .select('stored')
      .where('member_id', '=', memberId)
      .executeTakeFirst();
    return row?.stored ?? null;
  }

  async setPassword(memberId: string, stored: string | null): Promise<void> {
    if (stored === null) {
      await this.#database.deleteFrom('member_passwords').where('member_id', '=', memberId).execute();
      return;
    }
    await this.#database
      .insertInto('member_passwords')
      .values({ member_id: memberId, stored })
      .onConflict((conflict) => conflict.column('member_id').doUpdateSet({ stored }))
      .execute();
  }
}

function requireOwner(found: { readonly memberId: string } | null, memberId: string, what: string): void {
  if (found?.memberId === memberId) return;
  throw new PhalanxError<StoreErrorCode>('STORE_ROW_INVALID', `the ${what} is another member's`, {
    advice: 'Make a new one: it must never change hands.',
  });
}

function toMember(row: Selectable<MemberTables['members']>): Member {
  return {
    id: row.id,
    identity: row.identity,
    clearance: row.clearance as TlpLevel,
    roles: row.roles as readonly MemberRole[],
    suspendedAtMs: row.suspended_at_ms,
  };
}

function toKey(row: Selectable<MemberTables['member_keys']>): MemberKey {
  return { kid: row.kid, memberId: row.member_id, jwk: row.jwk as PublicJwk, ...toValidity(row) };
}

function toValidity(row: Omit<Selectable<MemberTables['member_certificates']>, 'thumbprint'>): Validity {
  return { fromMs: row.from_ms, untilMs: row.until_ms, revokedAtMs: row.revoked_at_ms };
}
