import { randomUUID } from 'node:crypto';
import { makeDomainObject, makeTlpMarking, signObject, verifyObject } from '@phalanx/coalition';
import {
  addSignature,
  carryOutAct,
  generateClientKey,
  listAuthors,
  listGroupNames,
  MEMBERSHIP_ACT_TYPE,
  type Member,
  makeKeyRotation,
  ROTATION_OVERLAP_MS,
  readPseudonymCertificate,
  rotateKey,
  sign,
  takePseudonym,
} from '@phalanx/coalition/identity';
import { DAY_MS, type Json } from '@phalanx/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTROL_ENGINES } from './control-engines.test.support.js';
import { ControlStore } from './control-store.js';

const HUB = 'https://hub.example';
const START_MS = Date.UTC(2026, 10, 23);

function makeMember(id: string, roles: Member['roles'] = ['lab']): Member {
  return { id, identity: `identity--${randomUUID()}`, clearance: 'amber', roles, suspendedAtMs: null };
}

describe.each(CONTROL_ENGINES)('identity on $name', (engine) => {
  let store: ControlStore;
  let nowMs: number;
  const clock = { nowMs: () => nowMs };
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(async () => {
    nowMs = START_MS;
    store = await engine.openEmpty();
    return () => store.close();
  });

  async function addMember(id: string, roles: Member['roles'] = ['lab']) {
    const member = makeMember(id, roles);
    const key = await generateClientKey();
    const validity = { memberId: id, fromMs: START_MS, untilMs: START_MS + 100 * DAY_MS, revokedAtMs: null };
    await store.members.admit(member, {
      keys: [{ ...validity, kid: key.kid, jwk: key.publicJwk }],
      certificates: [{ ...validity, thumbprint: 'x'.repeat(42) + id.at(-1) }],
      certificateNames: [`urn:member:${id}`],
    });
    return { member, key };
  }

  it('gives members, keys, certificates and names back as they were', async () => {
    const { member, key } = await addMember('lab-a');
    expect(await store.members.findMember('lab-a')).toEqual(member);
    expect(await store.members.findMember('lab-b')).toBeNull();
    expect(await store.members.findKey(key.kid)).toMatchObject({ memberId: 'lab-a', jwk: key.publicJwk });
    expect(await store.members.findCertificateName('urn:member:lab-a')).toEqual(member);
    expect(await store.members.revokeKey('lab-b', key.kid, nowMs)).toBe(false);
    expect(await store.members.revokeKey('lab-a', key.kid, nowMs + 5)).toBe(true);
    // A revocation cannot be put off.
    await store.members.revokeKey('lab-a', key.kid, nowMs + 50);
    expect((await store.members.findKey(key.kid))?.revokedAtMs).toBe(nowMs + 5);
    await store.members.setPassword('lab-a', 'stored');
    expect(await store.members.findPassword('lab-a')).toBe('stored');
    await store.members.setPassword('lab-a', null);
    expect(await store.members.findPassword('lab-a')).toBeNull();
  });

  it('lets no key, certificate or name change hands, and admits wholly or not at all', async () => {
    const { key } = await addMember('lab-a');
    const validity = { memberId: 'lab-b', fromMs: 0, untilMs: 1, revokedAtMs: null };
    const mine = await generateClientKey();
    for (const credentials of [
      { keys: [{ ...validity, kid: key.kid, jwk: key.publicJwk }] },
      { certificates: [{ ...validity, thumbprint: `${'x'.repeat(42)}a` }] },
      { certificateNames: ['urn:member:lab-a'] },
    ]) {
      const whole = {
        keys: [{ ...validity, kid: mine.kid, jwk: mine.publicJwk }],
        certificates: [],
        certificateNames: [],
        ...credentials,
      };
      await expect(store.members.admit(makeMember('lab-b'), whole)).rejects.toMatchObject({
        code: 'STORE_ROW_INVALID',
      });
    }
    expect(await store.members.findMember('lab-b')).toBeNull();
    expect(await store.members.findKey(mine.kid)).toBeNull();
  });

  it('takes a nonce once, however many ask at the same time and in which process', async () => {
    const other = await ControlStore.open(await engine.openPool());
    const stores = [other.nonces(clock), store.nonces(clock)];
    const asked = await Promise.all(
      Array.from({ length: 40 }, (_, i) => stores[i % 2]!.use('s', 'n', nowMs + 60_000)),
    );
    expect(asked.filter(Boolean)).toHaveLength(1);
    // Scope and nonce are not simply joined.
    expect(await stores[0]!.use('s', 'nn', nowMs + 60_000)).toBe(true);
    expect(await stores[0]!.use('sn', 'n', nowMs + 60_000)).toBe(true);
    await other.close();
  });

  it('forgets a nonce five minutes after its time and not before', async () => {
    const nonces = store.nonces(clock);
    await nonces.use('s', 'n', nowMs + 60_000);
    nowMs += 60_000 + 5 * 60_000 - 1;
    expect(await nonces.use('s', 'n', nowMs + 60_000)).toBe(false);
    nowMs += 1 + 10_000;
    expect(await nonces.use('s', 'n', nowMs + 60_000)).toBe(true);
  });

  // The bound is counted before the database is asked: one engine shows it.
  const itOnce = engine.name === 'PostgreSQL' ? it : () => undefined;
  itOnce('bounds how many nonces a scope adds in a minute', async () => {
    const nonces = store.nonces(clock);
    const flood = Array.from({ length: 2_001 }, () => nonces.use('flood', 'n', nowMs + 60_000));
    const settled = await Promise.allSettled(flood);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await nonces.use('calm', 'n', nowMs + 60_000)).toBe(true);
    nowMs += 60_000;
    expect(await nonces.use('flood', 'another', nowMs + 60_000)).toBe(true);
  });

  describe('acts of operators', () => {
    const recorded: Json[] = [];
    const act = (extra: Record<string, Json> = {}) => ({
      act: 'admit',
      hub: HUB,
      atMs: nowMs,
      memberId: 'lab-b',
      identity: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02',
      clearance: 'amber',
      roles: ['lab'],
      keys: [],
      certificates: [],
      certificateNames: [],
      ...extra,
    });
    const about = (name: string) => ({ act: name, hub: HUB, atMs: nowMs, memberId: 'lab-b' });
    const carryOut = (signed: Parameters<typeof carryOutAct>[0]) =>
      carryOutAct(signed, {
        issuer: HUB,
        members: store.members,
        nonces: store.nonces(clock),
        clock,
        record: async (statement) => void recorded.push(statement),
      });
    beforeEach(() => {
      recorded.length = 0;
    });

    async function signAll(statement: Json, keys: Awaited<ReturnType<typeof generateClientKey>>[]) {
      let signed = await sign(MEMBERSHIP_ACT_TYPE, statement, keys[0]!);
      for (const key of keys.slice(1)) signed = await addSignature(MEMBERSHIP_ACT_TYPE, signed, key);
      return signed;
    }

    it('admit with two, suspend with one, reinstate with two, each once and logged before', async () => {
      const a = await addMember('op-a', ['operator']);
      const b = await addMember('op-b', ['operator']);
      const key = await generateClientKey('p256');
      const admit = await signAll(act({ keys: [{ ...key.publicJwk }] }), [a.key, b.key]);
      expect((await carryOut(admit)).act).toBe('admit');
      expect(recorded).toMatchObject([{ type: 'phalanx-membership-v1', operators: ['op-a', 'op-b'] }]);
      expect((await store.members.findKey(key.kid))?.memberId).toBe('lab-b');
      const reinstate = await signAll(about('reinstate'), [a.key, b.key]);
      await carryOut(reinstate);
      nowMs++;
      await carryOut(await signAll(about('suspend'), [a.key]));
      expect((await store.members.findMember('lab-b'))?.suspendedAtMs).toBe(nowMs);
      // What was signed before the suspension does not end it.
      await expect(carryOut(reinstate)).rejects.toThrow('done already');
      await expect(carryOut(await signAll(about('reinstate'), [a.key]))).rejects.toThrow('too few');
      nowMs++;
      await carryOut(await signAll(about('reinstate'), [a.key, b.key]));
      expect((await store.members.findMember('lab-b'))?.suspendedAtMs).toBeNull();
      expect(recorded).toHaveLength(4);
    });

    it('count for nothing with too few, equal, foreign, suspended or self-serving signers', async () => {
      const a = await addMember('op-a', ['operator']);
      const b = await addMember('op-b', ['operator']);
      const lab = await addMember('lab-x');
      const second = await generateClientKey();
      const validity = { memberId: 'op-a', fromMs: 0, untilMs: nowMs + DAY_MS, revokedAtMs: null };
      await store.members.addKey({ ...validity, kid: second.kid, jwk: second.publicJwk });
      const refused = async (signed: Parameters<typeof carryOutAct>[0], why: string) =>
        expect(carryOut(signed)).rejects.toThrow(why);
      await refused(await signAll(act(), [a.key]), 'too few');
      await refused(await signAll(act(), [a.key, a.key]), 'signed twice');
      await refused(await signAll(act(), [a.key, second]), 'too few');
      await refused(await signAll(act(), [a.key, lab.key]), 'no valid key');
      await refused(await signAll(act({ hub: 'https://other.example' }), [a.key, b.key]), 'another hub');
      await refused(await signAll(act({ atMs: nowMs + 1 }), [a.key, b.key]), 'another time');
      await refused(await signAll(act({ atMs: nowMs - 7 * DAY_MS }), [a.key, b.key]), 'another time');
      await refused(await signAll(act({ note: 'x' }), [a.key, b.key]), 'malformed');
      await refused(await signAll(act({ memberId: 'lаb-b' }), [a.key, b.key]), 'malformed');
      await refused(await signAll(act({ memberId: 'lab-x' }), [a.key, b.key]), 'already admitted');
      await refused(await signAll({ ...about('reinstate'), memberId: 'op-b' }, [a.key, b.key]), 'too few');
      const other = await sign('phalanx-key-rotation+jws', act(), a.key);
      await refused(await addSignature(MEMBERSHIP_ACT_TYPE, other, b.key), 'another header');
      const c = await addMember('op-c', ['operator']);
      await store.members.revokeKey('op-c', c.key.kid, nowMs);
      await refused(await signAll(act(), [a.key, c.key]), 'no valid key');
      await store.members.putMember({ ...b.member, suspendedAtMs: nowMs });
      await refused(await signAll(act(), [a.key, b.key]), 'no valid key');
      expect(recorded).toEqual([]);
      expect(await store.members.findMember('lab-b')).toBeNull();
    });
  });

  it('rotates a key: both count in the overlap, then the new one alone', async () => {
    const { key: old, member } = await addMember('lab-a');
    const other = await addMember('lab-b');
    const next = await generateClientKey('p256');
    const settings = { issuer: HUB, members: store.members, clock };
    await expect(
      rotateKey(await makeKeyRotation('lab-a', HUB, other.key, next, clock), settings),
    ).rejects.toThrow('no valid key');
    await expect(
      rotateKey(await makeKeyRotation('lab-a', 'https://other.example', old, next, clock), settings),
    ).rejects.toThrow('another hub');
    const signed = await makeKeyRotation('lab-a', HUB, old, next, clock);
    await expect(
      rotateKey({ ...signed, signatures: signed.signatures.slice(0, 1) }, settings),
    ).rejects.toThrow('both');
    await store.members.putMember({ ...member, suspendedAtMs: nowMs });
    await expect(rotateKey(signed, settings)).rejects.toThrow('may do nothing');
    await store.members.putMember(member);
    nowMs += 600_001;
    await expect(rotateKey(signed, settings)).rejects.toThrow('time');
    nowMs -= 600_001;
    expect((await rotateKey(signed, settings)).kid).toBe(next.kid);
    expect((await store.members.findKey(old.kid))?.untilMs).toBe(nowMs + ROTATION_OVERLAP_MS);
    expect((await store.members.findKey(next.kid))?.fromMs).toBe(nowMs);
    expect(await store.members.listKeys('lab-a')).toHaveLength(2);
  });

  it('a member has no more keys at once than a hub may read for each envelope', async () => {
    const { key } = await addMember('lab-a');
    const settings = { issuer: HUB, members: store.members, clock };
    let held = key;
    const rotate = async () => {
      const next = await generateClientKey();
      await rotateKey(await makeKeyRotation('lab-a', HUB, held, next, clock), settings);
      held = next;
    };
    for (let i = 1; i < 16; i++) await rotate();
    await expect(rotate()).rejects.toThrow('too many keys');
    nowMs += ROTATION_OVERLAP_MS;
    await rotate();
    expect(await store.members.listKeys('lab-a')).toHaveLength(17);
  });

  describe('a group', () => {
    const GROUP = 'b1f6b1c0-52a5-4d6a-9a53-0d6c4f1f0001';

    async function makeGroup(visibility: 'visible' | 'hidden' = 'hidden') {
      const [a, b, outsider] = [await addMember('lab-a'), await addMember('lab-b'), await addMember('lab-c')];
      await store.groups.putGroup({ id: GROUP, name: 'tides', visibility, epochDays: 7 });
      for (const { member } of [a, b]) await store.groups.addToGroup(GROUP, member.id);
      const hub = {
        issuer: HUB,
        keys: [await generateClientKey()],
        clock,
        members: store.members,
        nonces: store.nonces(clock),
        dpopSecret: new Uint8Array(32),
        log: () => undefined,
      };
      const take = async (member: Member, jwk = generateClientKey().then(({ publicJwk }) => publicJwk)) =>
        takePseudonym(GROUP, member, await jwk, store.groups, hub);
      return { a, b, outsider, hub, take };
    }

    it('gives each member one name in an epoch, another in the next, that says nothing of it', async () => {
      const { a, b, hub, take } = await makeGroup();
      const key = await generateClientKey();
      const first = await take(a.member, Promise.resolve(key.publicJwk));
      expect(await take(a.member, Promise.resolve(key.publicJwk))).toEqual(first);
      await expect(take(a.member)).rejects.toThrow('another key');
      const curve = generateClientKey('p256').then(({ publicJwk }) => publicJwk);
      await expect(take(b.member, curve)).rejects.toThrow('signs no objects');
      await expect(take(b.member, Promise.resolve(key.publicJwk))).rejects.toMatchObject({
        code: 'STORE_ROW_INVALID',
      });
      await expect(take(b.member, Promise.resolve(b.key.publicJwk))).rejects.toThrow('the key of a member');
      const theirs = { issuer: HUB, keys: hub.keys.map(({ publicJwk }) => publicJwk) };
      const read = await readPseudonymCertificate(first.certificate, theirs, nowMs);
      expect(read).toMatchObject({ identity: first.identity, groupId: GROUP, kid: key.kid });
      expect(
        JSON.stringify(first.certificate) + Buffer.from(first.certificate.split('.')[1]!, 'base64url'),
      ).not.toContain('lab-a');
      const elsewhere = { ...theirs, issuer: 'https://other.example' };
      await expect(readPseudonymCertificate(first.certificate, elsewhere, nowMs)).rejects.toThrow(
        'another hub',
      );
      await expect(readPseudonymCertificate(first.certificate, theirs, nowMs + 9 * DAY_MS)).rejects.toThrow(
        'another time',
      );
      nowMs += 7 * DAY_MS;
      const next = await take(a.member);
      expect(next.identity).not.toBe(first.identity);
      expect(await store.groups.forgetBefore(GROUP, next.epoch)).toBe(1);
      expect(await store.groups.findAuthor(first.identity)).toBeNull();
    });

    it('does not exist for others; hides or shows its members as it is set', async () => {
      const { a, b, outsider, take } = await makeGroup();
      await take(a.member);
      await take(b.member);
      expect(await store.groups.listGroups('lab-c')).toEqual([]);
      expect(await listGroupNames(GROUP, outsider.member, store.groups, nowMs)).toBeNull();
      expect(await listGroupNames(randomUUID(), outsider.member, store.groups, nowMs)).toBeNull();
      await expect(take(outsider.member)).rejects.toThrow('not in');
      const hidden = await listGroupNames(GROUP, a.member, store.groups, nowMs);
      expect(hidden?.map(({ memberId }) => memberId)).toEqual([null, null]);
      await store.groups.putGroup({ id: GROUP, name: 'tides', visibility: 'visible', epochDays: 7 });
      const visible = await listGroupNames(GROUP, a.member, store.groups, nowMs);
      expect(visible?.map(({ memberId }) => memberId).sort()).toEqual(['lab-a', 'lab-b']);
      await store.groups.removeFromGroup(GROUP, 'lab-b');
      expect(await listGroupNames(GROUP, b.member, store.groups, nowMs)).toBeNull();
    });

    it('is written in under a pseudonym of its own, and under nothing else', async () => {
      const { a, b, outsider, take } = await makeGroup();
      const [mine, theirs] = [await take(a.member), await take(b.member)];
      const authors = async (member: Member, groupIds: string[]) => [
        ...(await listAuthors(member, groupIds, store.groups, nowMs)),
      ];
      expect(await authors(a.member, [GROUP])).toEqual([mine.identity]);
      expect(await authors(b.member, [GROUP, randomUUID()])).toEqual([theirs.identity]);
      expect(await authors(a.member, [])).toEqual([a.member.identity]);
      expect(await authors(outsider.member, [GROUP])).toEqual([]);
      nowMs += 7 * DAY_MS;
      const next = await take(a.member);
      expect(await authors(a.member, [GROUP])).toContain(next.identity);
      nowMs += DAY_MS;
      expect(await authors(a.member, [GROUP])).toEqual([next.identity]);
    });

    it('has signers whose objects verify, as members have', async () => {
      const { a, take } = await makeGroup();
      const key = await generateClientKey();
      const { identity } = await take(a.member, Promise.resolve(key.publicJwk));
      const [members, pseudonyms] = [
        await store.members.listSigners(nowMs),
        await store.groups.listSigners(nowMs),
      ];
      expect([...members.keys()]).toContain(a.key.kid);
      const object = makeDomainObject(
        'identity',
        { createdByRef: identity, atMs: nowMs, markingRefs: [makeTlpMarking('amber').id] },
        { name: 'x' },
      );
      const signed = signObject(object, { kid: key.kid, privateKey: key.privateKey });
      expect(verifyObject(signed, pseudonyms)?.identity).toBe(identity);
      expect(() => verifyObject(signed, members)).toThrow('not known');
      expect((await store.groups.listSigners(nowMs + 9 * DAY_MS)).size).toBe(0);
      await store.members.revokeKey('lab-a', a.key.kid, nowMs);
      await store.members.putMember({ ...a.member, suspendedAtMs: nowMs });
      expect((await store.members.listSigners(nowMs)).has(a.key.kid)).toBe(false);
      expect((await store.groups.listSigners(nowMs)).has(key.kid)).toBe(false);
    });
  });
});
