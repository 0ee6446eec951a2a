import { describe, expect, it } from 'vitest';
import { describeCampaign } from '../stix/campaign-objects.js';
import { listExtensionDefinitions } from '../stix/extensions/extension-definition.js';
import { makeTlpMarking } from '../stix/marking/tlp.js';
import { signObject } from '../stix/signed-object.js';
import {
  ask,
  COLLECTION,
  findKeys,
  IDENTITIES,
  makeCaller,
  makeIndicator,
  makeServer,
  PATH,
  post,
  RIVAL,
  refusalOf,
  SIGNER,
} from './taxii-server.test.support.js';

const labA = makeCaller('lab-a');
const labB = makeCaller('lab-b');
const hub = makeCaller('hub');
const AT = Date.UTC(2026, 10, 22);

describe('an object that a member sends', () => {
  const marking = `marking-definition--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0c02`;
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['is a number', 1, 'no object'],
    ['has no id', { type: 'indicator' }, 'no object'],
    ['has an id that is no UUID', makeIndicator('lab-a', 'clear', { id: 'indicator--not-a-uuid' }), 'the id'],
    [
      'has the id of another type',
      makeIndicator('lab-a', 'clear', { id: 'malware--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b01' }),
      'the id',
    ],
    ['lacks what its type needs', { ...makeIndicator('lab-a'), pattern: undefined }, 'pattern'],
    ['has a pattern that does not parse', makeIndicator('lab-a', 'clear', { pattern: '[a' }), '/pattern'],
    [
      'is modified in the year 9999',
      makeIndicator('lab-a', 'clear', { modified: '9999-01-01T00:00:00.000Z' }),
      '2255',
    ],
    ['was made by another', makeIndicator('lab-b'), 'created_by_ref'],
    [
      'is larger than a mebibyte',
      makeIndicator('lab-a', 'clear', { labels: Array(20).fill('x'.repeat(60_000)) }),
      'bytes',
    ],
    ['is marked with what nobody knows', makeIndicator('lab-a', [marking]), 'marking'],
    [
      'has more markings than a reader can be asked to look at',
      makeIndicator('lab-a', Array(33).fill(makeTlpMarking('clear').id)),
      'markings',
    ],
    [
      'has more selectors than a reader can be asked to look at',
      makeIndicator('lab-a', 'clear', {
        granular_markings: Array(9).fill({
          marking_ref: makeTlpMarking('red').id,
          selectors: Array(30).fill('name'),
        }),
      }),
      'selectors',
    ],
    ['is signed by another', signObject(makeIndicator('lab-a'), RIVAL), 'somebody who did not make it'],
    [
      'was changed after it was signed',
      { ...signObject(makeIndicator('lab-a'), SIGNER), name: 'other' },
      'signature',
    ],
    [
      'is signed with a key that nobody knows',
      signObject(makeIndicator('lab-a'), { ...SIGNER, kid: 'unknown' }),
      'not known',
    ],
  ];
  it.each(refused)('is refused when it %s', async (_what, object, why) => {
    expect(await refusalOf(object)).toContain(why);
  });

  it('is taken when it is of an unknown type and well-formed, signed, or published by us', async () => {
    const { pattern: _pattern, pattern_type: _kind, valid_from: _from, ...rest } = makeIndicator('lab-a');
    expect(
      await refusalOf({ ...rest, type: 'x-thing', id: rest.id.replace('indicator', 'x-thing'), x_size: 3 }),
    ).toBeNull();
    expect(
      await refusalOf({ ...rest, type: 'X thing', id: rest.id.replace('indicator', 'X thing') }),
    ).not.toBeNull();
    expect(await refusalOf(signObject(makeIndicator('lab-a'), SIGNER))).toBeNull();
    const { server } = makeServer({ findKeys });
    const campaign = describeCampaign(
      {
        kind: 'distillation-campaign',
        accounts: 57,
        exchanges: 16_400,
        firstAtMs: AT - 1e9,
        lastAtMs: AT,
        log10ECoordination: 41.7,
        log10EDemand: 12.3,
        poolsExamined: 118,
        atlas: ['AML.T0024.002'],
        fingerprints: [{ algorithm: 'minhash-128', paramsDigest: 'ab'.repeat(32), digest: 'cd'.repeat(64) }],
        addressRanges: ['198.51.100.0/24'],
        tokens: [],
        validDays: 90,
      },
      { createdByRef: IDENTITIES['lab-a'], atMs: AT, markingRefs: [makeTlpMarking('amber').id] },
    ).map((object) => (object.created_by_ref === IDENTITIES['lab-a'] ? signObject(object, SIGNER) : object));
    const sent = [...listExtensionDefinitions(), ...campaign];
    expect((await post(server, labA, sent)).failures ?? []).toEqual([]);
    const { objects } = (await ask(server, makeCaller('lab-b', 'amber'), `${PATH}/objects/`)).body;
    expect(new Map(objects.map((object) => [object.id, object]))).toEqual(
      new Map(sent.map((object) => [object.id, object])),
    );
  });

  it('keeps nothing else out when it is refused, and is there once however often it comes', async () => {
    const { server } = makeServer();
    const [one, other] = [makeIndicator('lab-a'), makeIndicator('lab-a')];
    const status = await post(server, labA, [
      one,
      7,
      one,
      makeIndicator('lab-b'),
      other,
      { ...one, name: 'x' },
    ]);
    expect([status.success_count, status.failure_count]).toEqual([3, 3]);
    expect(status.failures[2]).toMatchObject({
      id: one.id,
      version: one.modified,
      message: 'this version is here with other content',
    });
    const reordered = Object.fromEntries(Object.entries(one).reverse());
    expect((await post(server, labA, [reordered])).success_count).toBe(1);
    expect((await ask(server, labB, `${PATH}/objects/?match[version]=all`)).body.objects).toEqual([
      one,
      other,
    ]);
  });

  it('is a further version when it has none of its own and comes with other content', async () => {
    const { server } = makeServer();
    const address = {
      type: 'ipv4-addr',
      spec_version: '2.1',
      id: 'ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4',
      value: '198.51.100.3',
    };
    const marked = { ...address, object_marking_refs: [makeTlpMarking('red').id] };
    await post(server, labA, [marked]);
    // Whoever guesses the value learns nothing of what stands there.
    expect((await post(server, labB, [address])).failure_count).toBe(0);
    expect((await ask(server, makeCaller('lab-b', 'clear'), `${PATH}/objects/`)).body.objects).toEqual([
      address,
    ]);
    expect((await post(server, labA, [marked, address])).success_count).toBe(2);
    expect((await ask(server, labB, `${PATH}/objects/${address.id}/versions/`)).body.versions.length).toBe(2);
  });
});

it('a member writes as whom it may in that collection, and as nobody else', async () => {
  const listAuthors = async () => new Set([IDENTITIES['lab-b']]);
  const { server } = makeServer({ listAuthors });
  const status = await post(server, labA, [makeIndicator('lab-a'), makeIndicator('lab-b')]);
  expect(status.failures.map(({ message }) => message)).toEqual(['created_by_ref is somebody else than you']);
});

it('asks for fewer at once where small objects would have much of what stands there read', async () => {
  const { server, store } = makeServer();
  const there = Array.from({ length: 70 }, () => makeIndicator('lab-a'));
  const text = 'x'.repeat(1_000_000);
  await store.addObjects(
    COLLECTION,
    there.map((object) => ({
      id: object.id,
      type: 'indicator',
      createdByRef: IDENTITIES['lab-a'],
      memberId: 'lab-a',
      versionUs: Date.UTC(2026, 10, 1) * 1000,
      versionText: String(object.modified),
      specVersion: '2.1',
      mediaType: 'application/stix+json;version=2.1',
      json: JSON.stringify({ ...object, description: text }),
      clearance: 0,
    })),
  );
  const next = there.map((object) => ({ ...object, modified: '2026-11-02T00:00:00.000Z' }));
  const send = (objects: unknown[]) => ask(server, labA, `${PATH}/objects/`, { body: { objects } });
  expect((await send(next)).status).toBe(413);
  expect((await send(next.slice(0, 35))).body.success_count).toBe(35);
});

describe('another hub', () => {
  it('names no maker whose id no index could hold', async () => {
    const long = { created_by_ref: `a${'b1'.repeat(3000)}z--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a77` };
    expect(await refusalOf(makeIndicator('lab-a', 'red', long), hub)).toContain('created_by_ref');
  });

  it('speaks for no member that has no key here, and does not go on with what it or another hub sent', async () => {
    const findMakers = async () => new Set([IDENTITIES['lab-a']]);
    const made = makeServer({ findKeys: async () => new Map(), findMakers });
    const one = makeIndicator('lab-a');
    expect(await refusalOf(one, hub, made)).toContain('signed');
    expect(await refusalOf(one, labA, made)).toBeNull();
    const revoked = { ...one, modified: '2026-11-02T00:00:00.000Z', revoked: true };
    expect(await refusalOf(revoked, hub, made)).toContain('signed');
    expect(await refusalOf(revoked, labA, made)).toBeNull();

    const foreign = makeIndicator('lab-a', 'clear', { created_by_ref: `identity--${one.id.split('--')[1]}` });
    expect(await refusalOf(foreign, hub, made)).toBeNull();
    const other = { ...labB, member: { ...labB.member, roles: ['peer-hub' as const] } };
    const taken = { ...foreign, modified: '2026-11-02T00:00:00.000Z', revoked: true };
    expect(await refusalOf(taken, other, made)).toContain('somebody else sent the version before');
    expect(await refusalOf(taken, hub, made)).toBeNull();
  });

  it('relays what the maker signed, and speaks for nobody whose key is known here', async () => {
    expect(await refusalOf(signObject(makeIndicator('lab-a'), SIGNER), hub)).toBeNull();
    expect(await refusalOf(makeIndicator('lab-a'), hub)).toContain('signs');
    expect(await refusalOf(signObject(makeIndicator('lab-a'), RIVAL), hub)).toContain(
      'somebody who did not make it',
    );
    const unknown = signObject(makeIndicator('lab-a'), { ...SIGNER, kid: 'unknown' });
    expect(await refusalOf(unknown, hub)).toContain('signs');
    const foreign = { created_by_ref: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a77' };
    expect(await refusalOf(makeIndicator('lab-a', 'clear', foreign), hub)).toBeNull();
    expect(
      await refusalOf(signObject(makeIndicator('lab-a', 'clear', foreign), { ...SIGNER, kid: 'far' }), hub),
    ).toBeNull();
  });
});
