import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeCampaign } from '../stix/campaign-objects.js';
import { listExtensionDefinitions } from '../stix/extensions/extension-definition.js';
import { makeTlpMarking } from '../stix/marking/tlp.js';
import { type SignerKey, signObject } from '../stix/signed-object.js';
import { makeNextVersion, revokeObject } from '../stix/version-chain.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import {
  ask,
  IDENTITIES,
  makeCaller,
  makeIndicator,
  makeServer,
  PATH,
  post,
} from './taxii-server.test.support.js';

const labA = makeCaller('lab-a');
const labB = makeCaller('lab-b');
const hub = makeCaller('hub');
const signer = { kid: 'lab-a-2026', ...generateKeyPairSync('ed25519') };
const rival = { kid: 'lab-b-2026', ...generateKeyPairSync('ed25519') };
const KEYS = new Map<string, SignerKey>([
  [signer.kid, { publicKey: signer.publicKey, identity: IDENTITIES['lab-a'] }],
  [rival.kid, { publicKey: rival.publicKey, identity: IDENTITIES['lab-b'] }],
]);
const findKeys = async () => KEYS;
const AT = Date.UTC(2026, 10, 22);

/** Why one object is refused; null when it is taken. */
async function refusalOf(
  object: unknown,
  who = labA,
  { server } = makeServer({ findKeys }),
): Promise<string | null> {
  const { failures = [], success_count } = await post(server, who, [object]);
  return success_count === 1 ? null : failures[0]!.message;
}

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
    ['is signed by another', signObject(makeIndicator('lab-a'), rival), 'somebody who did not make it'],
    [
      'was changed after it was signed',
      { ...signObject(makeIndicator('lab-a'), signer), name: 'other' },
      'signature',
    ],
    [
      'is signed with a key that nobody knows',
      signObject(makeIndicator('lab-a'), { ...signer, kid: 'unknown' }),
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
    expect(await refusalOf(signObject(makeIndicator('lab-a'), signer))).toBeNull();
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
    ).map((object) => (object.created_by_ref === IDENTITIES['lab-a'] ? signObject(object, signer) : object));
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

describe('a version', () => {
  const first = signObject(makeIndicator('lab-a'), signer);
  const second = signObject(makeNextVersion(first, { name: 'second' }, AT), signer);
  const fork = signObject(makeNextVersion(first, { name: 'fork' }, AT + 1000), signer);
  const end = signObject(revokeObject(second, AT + 2000), signer);
  const after = signObject({ ...end, revoked: false, modified: '2026-12-01T00:00:00.000Z' }, signer);

  it('goes on where the last one ended, or is refused', async () => {
    const { server } = makeServer({ findKeys });
    const take = (object: unknown, who = labA) => refusalOf(object, who, { server, store: null! });
    expect(await take(first)).toBeNull();
    expect(await take(second)).toBeNull();
    expect(await take(fork)).toContain('does not continue');
    const { extensions: _extensions, ...bare } = second;
    expect(await take({ ...bare, modified: '2026-11-22T00:00:00.500Z' })).toContain('not');
    expect(await take(end)).toBeNull();
    expect(await take(after)).toContain('revoked');
    expect(await take(first)).toBeNull();
    expect((await ask(server, labB, `${PATH}/objects/`)).body.objects).toEqual([end]);
    const cut = await ask(server, labA, `${PATH}/objects/${first.id}/`, { method: 'DELETE' });
    expect([cut.status, cut.body.description]).toEqual([403, expect.stringContaining('whole')]);
    expect(
      (await ask(server, labB, `${PATH}/objects/${first.id}/?match[version]=all`, { method: 'DELETE' }))
        .status,
    ).toBe(404);
    expect(
      (await ask(server, labA, `${PATH}/objects/${first.id}/?match[version]=all`, { method: 'DELETE' }))
        .status,
    ).toBe(200);
    expect((await ask(server, labB, `${PATH}/objects/${first.id}/`)).status).toBe(404);
  });

  it('may come in one request with the one before, and two requests at once cannot fork it', async () => {
    const { server } = makeServer({ findKeys });
    expect((await post(server, labA, [first, second, end])).success_count).toBe(3);
    const { server: other } = makeServer({ findKeys });
    await post(other, labA, [first]);
    const both = await Promise.all([post(other, labA, [second]), post(other, labA, [fork])]);
    expect(both.map(({ success_count }) => success_count).sort()).toEqual([0, 1]);
  });

  it('of software without chains comes in any order, until the object is revoked', async () => {
    const { server } = makeServer();
    const object = makeIndicator('lab-a');
    const at = (day: number, changes = {}) => ({
      ...object,
      modified: `2026-11-${day}T00:00:00.000Z`,
      ...changes,
    });
    expect(
      (await post(server, labA, [at(15), at(12), at(18, { revoked: true }), at(14)])).success_count,
    ).toBe(4);
    expect((await post(server, labA, [at(19)])).failures[0]!.message).toContain('revoked');
    const { created_by_ref: _maker, ...anonymous } = makeIndicator('lab-a');
    await post(server, labA, [anonymous]);
    const later = { ...anonymous, modified: '2026-11-20T00:00:00.000Z' };
    expect((await post(server, labB, [later])).failures[0]!.message).toContain('somebody else');
  });

  it('is the 257th and refused', async () => {
    const { server } = makeServer();
    const object = makeIndicator('lab-a');
    const versions = Array.from({ length: TAXII_LIMITS.versions + 1 }, (_, at) => ({
      ...object,
      modified: new Date(AT + at).toISOString(),
    }));
    expect((await post(server, labA, versions)).success_count).toBe(TAXII_LIMITS.versions);
  });
});

it('a member writes as whom it may in that collection, and as nobody else', async () => {
  const listAuthors = async () => new Set([IDENTITIES['lab-b']]);
  const { server } = makeServer({ listAuthors });
  const status = await post(server, labA, [makeIndicator('lab-a'), makeIndicator('lab-b')]);
  expect(status.failures.map(({ message }) => message)).toEqual(['created_by_ref is somebody else than you']);
});

describe('another hub', () => {
  it('relays what the maker signed, and speaks for nobody whose key is known here', async () => {
    expect(await refusalOf(signObject(makeIndicator('lab-a'), signer), hub)).toBeNull();
    expect(await refusalOf(makeIndicator('lab-a'), hub)).toContain('signs');
    expect(await refusalOf(signObject(makeIndicator('lab-a'), rival), hub)).toContain(
      'somebody who did not make it',
    );
    const unknown = signObject(makeIndicator('lab-a'), { ...signer, kid: 'unknown' });
    expect(await refusalOf(unknown, hub)).toContain('signs');
    const foreign = { created_by_ref: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a77' };
    expect(await refusalOf(makeIndicator('lab-a', 'clear', foreign), hub)).toBeNull();
    expect(
      await refusalOf(signObject(makeIndicator('lab-a', 'clear', foreign), { ...signer, kid: 'far' }), hub),
    ).toBeNull();
  });
});

describe('a body', () => {
  const send = async (body: string, headers = {}) => {
    const { server } = makeServer();
    return ask(server, labA, `${PATH}/objects/`, { body, headers });
  };

  it('is TAXII 2.1 with a list of objects, or is told what it is not', async () => {
    expect((await send('{"objects":[]}')).body).toMatchObject({ status: 'complete', total_count: 0 });
    const bundle = '{"type":"bundle","id":"bundle--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b01","objects":[]}';
    expect((await send(bundle)).status).toBe(202);
    for (const body of [
      '',
      '{',
      '[]',
      '{}',
      '{"objects":{}}',
      '{"objects":[],"objects":[]}',
      '\ud800',
      '{"objects":[1e999]}',
    ]) {
      const { status, body: error } = await send(body);
      expect([status, error.title, error.description.slice(0, 51)], body).toEqual([
        422,
        'ProcessingError',
        'While processing supplied content, an error occurred'.slice(0, 51),
      ]);
    }
    for (const type of [
      'application/json',
      'application/stix+json;version=2.1',
      'application/taxii+json;version=2.0',
      '*/*',
      'nonsense',
    ]) {
      expect((await send('{"objects":[]}', { 'content-type': type })).status, type).toBe(415);
    }
    for (const type of [
      'application/taxii+json',
      'application/taxii+json; version="2.1"',
      'Application/TAXII+JSON;version=2.1; charset=utf-8',
    ]) {
      expect((await send('{"objects":[]}', { 'content-type': type })).status, type).toBe(202);
    }
  });

  it('that comes slowly keeps nobody else waiting', async () => {
    const { server } = makeServer();
    let end = (): void => undefined;
    const slow = new ReadableStream<Uint8Array>({
      start: (controller) => {
        end = () => controller.close();
        controller.enqueue(new TextEncoder().encode('{"objects":[]}'));
      },
    });
    const headers = { 'content-type': 'application/taxii+json' };
    const init = { method: 'POST', headers, body: slow, duplex: 'half' } as const;
    const waiting = server.handle(new Request(`http://localhost${PATH}/objects/`, init), labA);
    expect((await post(server, labB, [makeIndicator('lab-b')])).success_count).toBe(1);
    end();
    expect((await waiting).status).toBe(202);
  });

  it('has ten mebibytes and 5,000 objects at most', async () => {
    expect((await send(`{"objects":[${Array(5001).fill('1').join(',')}]}`)).status).toBe(413);
    const { server } = makeServer();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
    });
    const request = new Request(`http://localhost${PATH}/objects/`, {
      method: 'POST',
      headers: { 'content-type': 'application/taxii+json' },
      body: endless,
      duplex: 'half',
    });
    expect((await server.handle(request, labA)).status).toBe(413);
  });
});
