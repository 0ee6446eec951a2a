import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeCampaign,
  makeTlpMarking,
  revokeObject,
  type StixObject,
  signObject,
} from '@phalanx/coalition';
import {
  addSignature,
  generateClientKey,
  MEMBERSHIP_ACT_TYPE,
  readPublicJwk,
  sign,
  thumbprintOf,
} from '@phalanx/coalition/identity';
import { followRetractions } from '@phalanx/coalition/trust';
import type { Json } from '@phalanx/core';
import { EpochKeys } from '@phalanx/store/control';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRemoteFeed } from './remote-feed.js';
import { TestCoalition } from './test-coalition.test.support.js';

const COLLECTION = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const OTHER = '52892447-4d7e-4f70-b94d-d7f22742ff63';
const DESCRIPTION = new URL('../../../../docs/spec/coalition-hub.openapi.json', import.meta.url);
const TAXII = 'application/taxii+json;version=2.1';

let coalition: TestCoalition;
beforeAll(async () => {
  coalition = await new TestCoalition().open(['hub']);
  const { taxii } = coalition.stores.get('hub')!;
  await taxii.putApiRoot({ path: 'warnings', title: 'warnings', description: null, isDefault: true });
  const rights = { 'lab-a': 'read-write', 'lab-b': 'read' } as const;
  await taxii.putCollection('warnings', { id: COLLECTION, title: 'c', rights });
  await taxii.putCollection('warnings', {
    id: OTHER,
    title: 'o',
    rights: { 'lab-a': 'read-write', 'lab-c': 'read' },
  });
  for (const [id, role] of [
    ['watcher', 'regulator'],
    ['operator-a', 'operator'],
  ] as const)
    await coalition.admit('hub', id, [role]);
});
afterAll(() => coalition.close());

const status = async (
  from: string | null,
  method: string,
  path: string,
  body?: string,
  headers?: Record<string, string>,
) => {
  const answer = await coalition.sender(from)(
    new Request(`${coalition.url('hub')}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body }),
    }),
  );
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    text: await answer.text(),
    headers: answer.headers,
  };
};

describe('who may ask', () => {
  it('nobody without a certificate of the coalition, and each only what its role allows', async () => {
    const anonymous = await status(null, 'GET', '/coalition/v1/me');
    expect(anonymous).toMatchObject({ status: 401, type: 'application/problem+json' });
    expect(anonymous.headers.get('www-authenticate')).toContain('DPoP');
    expect((await status(null, 'GET', '/taxii2/')).status).toBe(401);
    const stranger = coalition.strangersSender();
    await expect(
      stranger(new Request(`${coalition.url('hub')}/coalition/v1/me`)).then(({ status: code }) => code),
    ).resolves.toBe(401);
    const me = await status('lab-a', 'GET', '/coalition/v1/me');
    expect(JSON.parse(me.text)).toMatchObject({ id: 'lab-a', roles: ['lab'], groups: [] });
    for (const [from, path] of [
      ['watcher', '/coalition/v1/matching'],
      ['watcher', '/coalition/v1/matching/revealed'],
      ['watcher', '/coalition/v1/retractions'],
      ['watcher', '/coalition/v1/alarms'],
      ['operator-a', '/coalition/v1/statements'],
      ['operator-a', '/coalition/v1/matching/revealed'],
      ['lab-a', '/coalition/v1/statements'],
      ['lab-a', '/coalition/v1/alarms'],
      ['key-1', '/coalition/v1/matching'],
    ] as const)
      expect([path, (await status(from, 'GET', path)).status]).toEqual([path, 403]);
    expect(
      (await status('lab-a', 'POST', `/coalition/v1/keys/${coalition.epoch()}/ceremony`, '{"envelopes":[]}'))
        .status,
    ).toBe(403);
  });

  it('reads no collection as regulator, operator or key server, whatever rights it was given', async () => {
    const { taxii } = coalition.stores.get('hub')!;
    const id = '64993447-4d7e-4f70-b94d-d7f33742ee63';
    const rights = { watcher: 'read-write', 'operator-a': 'read', 'key-1': 'read', 'lab-c': 'read' } as const;
    await taxii.putCollection('warnings', { id, title: 'by mistake', rights });
    const path = `/warnings/collections/${id}/objects/`;
    expect((await status('lab-c', 'GET', path)).status).toBe(200);
    for (const from of ['watcher', 'operator-a', 'key-1'])
      for (const at of [path, '/taxii2/', '/warnings/'])
        expect([from, at, (await status(from, 'GET', at)).status]).toEqual([from, at, 403]);
  });

  it('permits runs with no more others than a coalition has places', async () => {
    const { overlaps } = coalition.stores.get('hub')!;
    for (let i = 0; i < 255; i++) await overlaps.putGrant('lab-c', `nobody-${i}`, 1, 'x');
    const permit = (peer: string) =>
      status('lab-c', 'PUT', `/coalition/v1/overlaps/grants/${peer}`, '{"untilMs":1,"statement":"x"}');
    expect((await permit('nobody-7')).status).toBe(204);
    expect((await permit('lab-a')).status).toBe(429);
  });

  it('shows no member to another: there is no list, and a foreign group is none', async () => {
    const { groups } = coalition.stores.get('hub')!;
    const id = '0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09';
    await groups.putGroup({ id, name: 'the three', visibility: 'hidden', epochDays: 30 });
    await groups.addToGroup(id, 'lab-a');
    expect((await status('lab-a', 'GET', `/coalition/v1/groups/${id}/names`)).status).toBe(200);
    const foreign = await status('lab-b', 'GET', `/coalition/v1/groups/${id}/names`);
    const none = await status(
      'lab-b',
      'GET',
      '/coalition/v1/groups/0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a0a/names',
    );
    expect([foreign.status, foreign.text]).toEqual([none.status, none.text]);
    expect((await status('lab-a', 'GET', '/coalition/v1/members')).status).toBe(404);
  });
});

describe('who is known', () => {
  it('is decided by acts that two operators have signed, and stated', async () => {
    const { members } = coalition.stores.get('hub')!;
    await coalition.admit('hub', 'operator-b', ['operator']);
    const nowMs = coalition.clock.nowMs();
    const keys = await Promise.all(
      ['operator-a', 'operator-b'].map(async (memberId) => {
        const key = await generateClientKey();
        const validity = { fromMs: nowMs - 1, untilMs: nowMs + 1e9, revokedAtMs: null };
        await members.addKey({ kid: key.kid, jwk: key.publicJwk, memberId, ...validity });
        return key;
      }),
    );
    const act = {
      act: 'change',
      hub: coalition.url('hub'),
      atMs: nowMs - 1,
      memberId: 'lab-c',
      identity: (await members.findMember('lab-c'))!.identity,
      clearance: 'red',
      roles: ['lab'],
    };
    const once = await sign(MEMBERSHIP_ACT_TYPE, act, keys[0]!);
    const send = (from: string, signed: object) =>
      status(from, 'POST', '/coalition/v1/membership', JSON.stringify(signed));
    expect((await send('operator-a', once)).status).toBe(401);
    const twice = await addSignature(MEMBERSHIP_ACT_TYPE, once, keys[1]!);
    expect((await send('lab-a', twice)).status).toBe(403);
    expect((await send('operator-a', twice)).status).toBe(204);
    expect((await send('operator-a', twice)).status).toBe(401);
    expect((await members.findMember('lab-c'))!.clearance).toBe('red');
    const { statements } = JSON.parse((await status('watcher', 'GET', '/coalition/v1/statements')).text);
    expect(statements.at(-1).statement).toMatchObject({
      type: 'phalanx-membership-v1',
      operators: ['operator-a', 'operator-b'],
    });
  });

  it('in a group, by a pseudonym that others of it cannot link to its member', async () => {
    const { groups } = coalition.stores.get('hub')!;
    const id = '0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a0b';
    await groups.putGroup({ id, name: 'two', visibility: 'hidden', epochDays: 30 });
    for (const lab of ['lab-a', 'lab-b']) await groups.addToGroup(id, lab);
    const { publicJwk } = await generateClientKey();
    const path = `/coalition/v1/groups/${id}/pseudonym`;
    const taken = await status('lab-a', 'PUT', path, JSON.stringify({ jwk: publicJwk }));
    expect(taken.status).toBe(200);
    expect((await status('lab-c', 'PUT', path, JSON.stringify({ jwk: publicJwk }))).status).toBe(401);
    const { names } = JSON.parse((await status('lab-b', 'GET', `/coalition/v1/groups/${id}/names`)).text);
    expect(names).toMatchObject([{ identity: JSON.parse(taken.text).identity, memberId: null }]);
    expect(JSON.stringify(names)).not.toContain('lab-a');
  });
});

describe('requests that do not fit', () => {
  it.each([
    ['POST', '/coalition/v1/matching/lookups', '{', 400],
    ['POST', '/coalition/v1/matching/lookups', '{}', 400],
    [
      'POST',
      '/coalition/v1/matching/lookups',
      '{"type":"phalanx-lookup-request-v1","epoch":1,"prefix":"AAA=","more":1}',
      400,
    ],
    [
      'POST',
      '/coalition/v1/matching/lookups',
      '{"type":"phalanx-lookup-request-v1","epoch":1,"prefix":"AAA="}',
      400,
    ],
    ['POST', '/coalition/v1/matching/submissions', '[]', 400],
    ['PUT', `/coalition/v1/overlaps/${'0'.repeat(63)}/promise`, '{"message":""}', 400],
    ['PUT', `/coalition/v1/overlaps/${'0'.repeat(64)}/promise`, '{"message":""}', 404],
    ['POST', '/coalition/v1/overlaps', `{"run":"${'0'.repeat(64)}","peer":"lab-b"}`, 403],
    ['PUT', '/coalition/v1/overlaps/grants/lab-b', '{"untilMs":1,"statement":"\\u0000"}', 400],
    ['PUT', `/coalition/v1/overlaps/${'0'.repeat(64)}/promise`, '{"message":"\\u0000"}', 400],
    ['GET', '/coalition/v1/keys/99/ceremony', undefined, 400],
    ['GET', '/coalition/v1/keys/x/ceremony', undefined, 400],
    ['GET', '/coalition/v1/nothing', undefined, 404],
    ['DELETE', '/coalition/v1/me', undefined, 404],
  ])('%s %s %s: %i, as problem details', async (method, path, body, expected) => {
    const answer = await status('lab-a', method, path, body);
    expect(answer).toMatchObject({ status: expected, type: 'application/problem+json' });
    expect(JSON.parse(answer.text).status).toBe(expected);
  });

  it('another type than JSON is 415, too long a body 413, and nothing is a fault of the server', async () => {
    const path = '/coalition/v1/matching/lookups';
    expect((await status('lab-a', 'POST', path, 'x', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await status('lab-a', 'POST', path, 'x'.repeat(1_048_577))).status).toBe(413);
    expect(coalition.errors).toEqual([]);
  });
});

it('describes itself, as docs/spec/coalition-hub.openapi.json has it', async () => {
  const described = JSON.parse((await status(null, 'GET', '/openapi.json')).text);
  // UPDATE_SPEC=1 writes it anew; then format it.
  if (process.env.UPDATE_SPEC === '1') writeFileSync(DESCRIPTION, JSON.stringify(described, null, 2));
  expect(described).toEqual(JSON.parse(readFileSync(DESCRIPTION, 'utf8')));
});

describe('what is taken back', () => {
  it('reaches at once who may read it and nobody else, is stated in digests, and who is late is named', async () => {
    const { members } = coalition.stores.get('hub')!;
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const jwk = readPublicJwk(publicKey.export({ format: 'jwk' }) as Json);
    const kid = await thumbprintOf(jwk);
    const nowMs = coalition.clock.nowMs();
    await members.addKey({
      kid,
      jwk,
      memberId: 'lab-a',
      fromMs: nowMs - 1,
      untilMs: nowMs + 1e9,
      revokedAtMs: null,
    });
    const { identity } = (await members.findMember('lab-a'))!;
    const green: [string] = [makeTlpMarking('green').id];
    const told = describeCampaign(
      {
        kind: 'distillation-campaign',
        accounts: 57,
        exchanges: 16_400,
        firstAtMs: nowMs - 9e8,
        lastAtMs: nowMs - 2e8,
        log10ECoordination: 41.7,
        log10EDemand: 12.3,
        poolsExamined: 118,
        atlas: ['AML.T0024.002'],
        fingerprints: [
          { algorithm: 'phalanx-template-1', paramsDigest: 'ab'.repeat(32), digest: 'cd'.repeat(96) },
        ],
        addressRanges: [],
        tokens: [],
        validDays: 90,
      },
      { createdByRef: identity, atMs: nowMs - 1000, markingRefs: green },
    );
    const signer = { kid, privateKey };
    const indicator = signObject(told.find(({ type }) => type === 'indicator')!, signer);
    const post = async (object: StixObject, collection: string) => {
      const path = `/warnings/collections/${collection}/objects/`;
      const answer = await status('lab-a', 'POST', path, JSON.stringify({ objects: [object] }), {
        'content-type': TAXII,
        accept: TAXII,
        'phalanx-release': 'ab'.repeat(16),
      });
      expect([answer.status, JSON.parse(answer.text).success_count]).toEqual([202, 1]);
    };
    await post(indicator, COLLECTION);

    const feed = openRemoteFeed(coalition.peer('lab-b', 'hub'), 20_000);
    const waiting = feed.read(0);
    await coalition.admit('hub', 'lab-d', ['lab']);
    await coalition.stores.get('hub')!.taxii.setRights(COLLECTION, 'lab-d', 'read');
    const suspended = status('lab-d', 'GET', '/coalition/v1/retractions?after=0&waitMs=20000');
    await new Promise((resolve) => setTimeout(resolve, 400));
    await coalition.suspend('hub', 'lab-d');
    const revoked = signObject(revokeObject(indicator, nowMs), signer);
    const startMs = performance.now();
    await post(revoked, COLLECTION);
    expect((await waiting).retractions.map(({ object }) => object.id)).toEqual([indicator.id]);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    // It may do nothing any more, though it waits already.
    expect((await suspended).status).toBe(401);

    const known = {
      keys: new Map([[kid, { publicKey, identity }]]),
      members: new Map([[identity, 'lab-a']]),
    };
    const applied: string[] = [];
    const direct = openRemoteFeed(coalition.peer('lab-b', 'hub'));
    expect(await followRetractions(direct, 0, known, async ({ id }) => void applied.push(id))).toEqual({
      seq: 1,
      applied: 1,
      unproven: [],
    });
    expect(applied).toEqual([indicator.id]);
    expect(await openRemoteFeed(coalition.peer('lab-c', 'hub')).read(0)).toEqual({
      retractions: [],
      upTo: 1,
    });
    await expect(direct.acknowledge(2)).rejects.toThrow(expect.objectContaining({ code: 'COALITION_TRUST' }));

    coalition.clock.offsetMs += 600_000;
    const alarms = JSON.parse((await status('operator-a', 'GET', '/coalition/v1/alarms')).text);
    expect(alarms.alarms.map(({ member }: { member: string }) => member)).not.toContain('lab-b');
    coalition.clock.offsetMs -= 600_000;

    const { text } = await status('watcher', 'GET', '/coalition/v1/statements');
    const { statements } = JSON.parse(text);
    const receipts = statements.filter(
      (one: { statement: { kind?: string } }) => one.statement.kind === 'indicator-receipt',
    );
    expect(receipts).toHaveLength(2);
    expect(receipts[0].statement).toMatchObject({
      kind: 'indicator-receipt',
      role: 'hub',
      from: 'lab-a',
      releaseId: 'ab'.repeat(16),
    });
    for (const secret of ['cdcdcd', 'indicator--', String(indicator.pattern)])
      expect(text).not.toContain(secret);
  }, 30_000);
});

/** Bytes of what the hub keeps on disk, by batch. */
async function listKept(): Promise<number[]> {
  const keys = await EpochKeys.open(join(coalition.folder, 'epoch-keys'));
  const kept: number[] = [];
  for await (const { text } of coalition.stores.get('hub')!.matchingBatches(keys).read(coalition.epoch()))
    kept.push(text.length);
  return kept;
}

it('keeps of a message what it says, once, however it is written; and nothing of one that says nothing', async () => {
  const give = async (path: string, text: string) =>
    (await status('lab-a', 'POST', `/coalition/v1/matching/${path}`, text)).status;
  const epoch = coalition.epoch();
  const tokens = JSON.stringify({
    type: 'phalanx-token-sightings-v1',
    epoch,
    tokens: Buffer.alloc(16, 7).toString('base64'),
  });
  expect(await give('sightings', tokens)).toBe(204);
  const padding = ' '.repeat(100_000);
  for (let i = 1; i < 4; i++)
    expect(await give('sightings', `{${padding.repeat(i)}${tokens.slice(1)}`)).toBe(204);
  expect(await listKept()).toEqual([tokens.length]);

  const nothing = JSON.stringify({
    type: 'phalanx-reveal-batch-v1',
    epoch,
    threshold: 3,
    short: '',
    long: '',
  });
  expect(await give('submissions', nothing)).toBe(204);
  expect(await give('submissions', `${nothing}${padding}`)).toBe(204);
  expect(await listKept()).toEqual([tokens.length]);
});
