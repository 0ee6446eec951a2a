import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeCampaign,
  makeTlpMarking,
  parseBundle,
  type StixObject,
  signObject,
} from '@phalanx/coalition';
import { thumbprintOf } from '@phalanx/coalition/identity';
import { MemoryTaxiiStore, TaxiiServer } from '@phalanx/coalition/taxii';
import { type Listener, listen } from '@phalanx/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCoalitionIdentity } from '../coalition-identity.js';
import { runCli } from '../program.js';

const COLLECTION_ID = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const folder = mkdtempSync(join(tmpdir(), 'phalanx-pull-cli-'));
const at = (...names: string[]) => join(folder, ...names);
const listeners: Listener[] = [];
const AT_MS = Date.UTC(2026, 10, 20);
const screen = { outIsScreen: false, talkIsScreen: false, columns: 100 };

async function run(expected: number, ...args: string[]): Promise<{ said: string; talked: string }> {
  let [said, talked] = ['', ''];
  const out = (text: string) => (said += text);
  const talk = (text: string) => (talked += text);
  expect([await runCli(args, { out, talk, env: {}, ...screen }), talked]).toEqual([expected, talked]);
  return { said, talked };
}

/** A hub over HTTP whose member is whoever says `user:word`. */
async function serveHub(user: string): Promise<{ url: string; store: MemoryTaxiiStore }> {
  const store = new MemoryTaxiiStore();
  store.addApiRoot({ path: 'labs', title: 'Labs', description: null, isDefault: true });
  store.addCollection('labs', { id: COLLECTION_ID, title: 'All', rights: { peer: 'read-write' } });
  const server = new TaxiiServer({
    store,
    publicUrl: 'http://127.0.0.1',
    title: 'A hub',
    cursorKey: new Uint8Array(32),
    challenge: 'Basic realm="hub"',
  });
  const identity = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b01';
  const member = {
    id: 'peer',
    identity,
    clearance: 'amber',
    roles: ['peer-hub'],
    suspendedAtMs: null,
  } as const;
  const expected = `Basic ${Buffer.from(`${user}:word`).toString('base64')}`;
  const listener = await listen(
    (request) => {
      const isKnown = request.headers.get('authorization') === expected;
      return server.handle(request, isKnown ? { member, method: 'basic', encrypted: true } : null);
    },
    { host: '127.0.0.1', port: 0, maxBodyBytes: 10 << 20 },
  );
  listeners.push(listener);
  return { url: `${listener.url}/labs/collections/${COLLECTION_ID}/`, store };
}

let one: Awaited<ReturnType<typeof serveHub>>;
let two: Awaited<ReturnType<typeof serveHub>>;
let objects: StixObject[];

beforeAll(async () => {
  [one, two] = await Promise.all([serveHub('ada'), serveHub('bea')]);
  const entry = (user: string) => ({ user, password: 'word', inside: true });
  const access = { [new URL(one.url).origin]: entry('ada'), [new URL(two.url).origin]: entry('bea') };
  writeFileSync(at('access.json'), JSON.stringify(access), { mode: 0o600 });
  const { said } = await run(
    0,
    'coalition',
    'identity',
    'new',
    at('lab.key'),
    '--member',
    'lab-a',
    '--unencrypted',
  );
  writeFileSync(at('lab.json'), said);
  const terminal = { out: () => undefined, talk: () => undefined, env: {}, ...screen };
  const { identity, signingKey } = await readCoalitionIdentity(at('lab.key'), terminal);
  const x = Buffer.from(JSON.parse(said).signingKey, 'base64').toString('base64url');
  const kid = await thumbprintOf({ kty: 'OKP', crv: 'Ed25519', x });
  const told = describeCampaign(
    {
      kind: 'hidden-pool',
      accounts: 57,
      exchanges: 16_400,
      firstAtMs: AT_MS - 86_400_000,
      lastAtMs: AT_MS - 1,
      log10ECoordination: 41.7,
      log10EDemand: 0,
      poolsExamined: 118,
      atlas: [],
      fingerprints: [
        { algorithm: 'phalanx-template-1', paramsDigest: 'ab'.repeat(32), digest: 'cd'.repeat(96) },
      ],
      addressRanges: ['203.0.113.0/24'],
      tokens: [],
      validDays: 90,
    },
    { createdByRef: identity, atMs: AT_MS, markingRefs: [makeTlpMarking('amber').id] },
  );
  objects = told.map((object) => signObject(object, { kid, privateKey: signingKey }));
});

afterAll(async () => {
  await Promise.all(listeners.map((listener) => listener.close()));
  rmSync(folder, { recursive: true });
});

async function send(batch: readonly StixObject[]): Promise<Response> {
  return fetch(`${one.url}objects/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/taxii+json;version=2.1',
      accept: 'application/taxii+json;version=2.1',
      authorization: `Basic ${Buffer.from('ada:word').toString('base64')}`,
    },
    body: JSON.stringify({ objects: batch }),
  });
}

const readBundles = (name: string) =>
  readdirSync(at(name))
    .filter((file) => file.startsWith('objects-'))
    .flatMap((file) => [...parseBundle(readFileSync(at(name, file))).objects]);

it('pulls what is new into bundles, mirrors it to another hub, and leaves out what its maker did not sign', async () => {
  const half = objects.length >> 1;
  expect((await send(objects.slice(0, half))).status).toBe(202);
  const pull = (...more: string[]) => [
    'coalition',
    'pull',
    one.url,
    '--out',
    at('in'),
    '--access',
    at('access.json'),
    '--member',
    at('lab.json'),
    ...more,
  ];
  expect((await run(0, ...pull())).said).toBe(`${half} objects in 1 bundle\n`);
  expect((await run(0, ...pull('--json'))).said).toBe('{"objects":0,"files":0,"refused":0}\n');

  const forged = { ...objects[0]!, id: `${objects[0]!.type}--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0f00` };
  await send([...objects.slice(half), forged]);
  const second = await run(1, ...pull());
  expect(second.said).toBe(`${objects.length - half} objects in 1 bundle, 1 object not taken\n`);
  expect(second.talked).toMatch(/^not taken {2}\S+0f00: the object has a signature of something else\n$/);
  expect(readBundles('in').map(({ id }) => id)).toEqual(objects.map(({ id }) => id));

  // Without the checkpoint all is read again, into further bundles.
  rmSync(at('in', 'checkpoint.json'));
  expect((await run(1, ...pull())).said).toMatch(new RegExp(`^${objects.length} objects in 1 bundle`));

  const roads = [
    '--from',
    one.url,
    '--to',
    two.url,
    '--state',
    at('state.json'),
    '--access',
    at('access.json'),
  ];
  const unknown = await run(0, 'coalition', 'mirror', ...roads, '--json');
  expect(JSON.parse(unknown.said)).toMatchObject({ added: 0, waiting: objects.length + 1, refused: 0 });
});

it('mirrors when the keys are known, once', async () => {
  const roads = [
    '--from',
    one.url,
    '--to',
    two.url,
    '--access',
    at('access.json'),
    '--member',
    at('lab.json'),
  ];
  const first = await run(1, 'coalition', 'mirror', ...roads, '--state', at('other-state.json'), '--json');
  expect(JSON.parse(first.said)).toMatchObject({ added: objects.length, waiting: 0, refused: 1 });
  const again = await run(0, 'coalition', 'mirror', ...roads, '--state', at('other-state.json'), '--json');
  expect(JSON.parse(again.said)).toMatchObject({ added: 0, refused: 0 });
  await run(
    0,
    'coalition',
    'pull',
    two.url,
    '--out',
    at('both'),
    '--access',
    at('access.json'),
    '--member',
    at('lab.json'),
  );
  expect(readBundles('both').length).toBe(objects.length);
  expect((await run(3, 'coalition', 'pull', one.url, '--out', at('nobody'))).talked).toMatch(
    /not asked by TLS/,
  );
});
