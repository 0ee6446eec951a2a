import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestObject, listExtensionDefinitions, type StixObject, verifyObject } from '@phalanx/coalition';
import {
  MemoryTaxiiStore,
  mirrorCollection,
  type ReadCheckpoint,
  readRemote,
  readStore,
  type TaxiiClient,
  writeRemote,
  writeStore,
} from '@phalanx/coalition/taxii';
import type { Json } from '@phalanx/core';
import { Random } from '@phalanx/stats';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import { drawObjects, KEYS } from './signed-campaigns.js';
import type { Suite } from './suite.js';
import { connectPeer, PEER_PAGE, startPeer, stopPeer, type TaxiiPeer, type Traffic } from './taxii-peers.js';
import { checkTls } from './taxii-tls.js';

const PACKAGES = ['medallion==3.0.0', 'opentaxii==0.10.0b1', 'taxii2-client==2.3.0', 'stix2==3.0.2'];
const SEED = 20261123;
/** medallion compares each object with each: 350 objects took half a second a page, and 1,000 did not come in four minutes. */
const OBJECTS = 260;
/** Our TAXII client and federation against servers and a client of others. */
export const taxiiClient: Suite = {
  name: 'taxii-client',
  what: 'TAXII client and mirrors against medallion and OpenTAXII, beside taxii2-client; answers lost on the way',
  slow: true,
  async run(checks, { python }) {
    await checkTls(checks);
    const peers = await python.open(PACKAGES);
    if (typeof peers === 'string') return checks.skip(peers);
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-taxii-'));
    try {
      await withPeer(peers, 'medallion', `${PEER_PAGE}`, (peer) =>
        checkPeer(checks, peers, 'medallion', peer),
      );
      await withPeer(peers, 'medallion', `${PEER_PAGE}`, (peer) => checkPoisoned(checks, peer));
      await withPeer(peers, 'medallion', `${PEER_PAGE}`, (peer) => checkHostile(checks, peers, peer));
      const versions = JSON.parse(await peers.run('taxii-peers.py', ['versions', 'x']));
      if (!String(versions.opentaxii).startsWith('0.10.')) {
        return checks.skip(
          `OpenTAXII ${versions.opentaxii}, which writes the type where spec_version belongs`,
        );
      }
      await withPeer(peers, 'opentaxii', folder, async (peer) => {
        await checkPeer(checks, peers, 'OpenTAXII', peer);
        await checkRelay(checks, peer);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function withPeer(
  python: Python,
  name: 'medallion' | 'opentaxii',
  argument: string,
  use: (peer: TaxiiPeer) => Promise<void>,
): Promise<void> {
  const peer = await startPeer(python, name, argument);
  try {
    await use(peer);
  } finally {
    await stopPeer(peer);
  }
}

const digestsOf = (objects: readonly StixObject[]) => new Set(objects.map(digestObject));

async function readAll(
  client: TaxiiClient,
  { collection }: TaxiiPeer,
  since: ReadCheckpoint | null = null,
): Promise<{ objects: StixObject[]; refused: number; checkpoint: ReadCheckpoint | null }> {
  const objects: StixObject[] = [];
  let refused = 0;
  let checkpoint = since;
  for await (const page of client.readAll(collection, since)) {
    objects.push(...page.objects);
    refused += page.refused.length;
    checkpoint = page.checkpoint;
  }
  return { objects, refused, checkpoint };
}

function missing(sent: readonly StixObject[], found: readonly StixObject[]): number {
  const there = digestsOf(found);
  return sent.filter((object) => !there.has(digestObject(object))).length;
}

async function checkPeer(checks: Checks, python: Python, name: string, peer: TaxiiPeer): Promise<void> {
  const client = connectPeer(peer);
  const roots = await client.discover(peer.discovery);
  checks.check(`${name}: discovery is read`, (roots?.apiRoots.length ?? 0) === 1);
  checks.check(
    `${name}: the collection is found`,
    (await client.findCollection(peer.collection))?.canWrite === true,
  );
  const objects = drawObjects(OBJECTS, 'amber');
  const early = objects.slice(0, OBJECTS / 2);
  const late = objects.slice(OBJECTS / 2);
  const posted = await client.post(peer.collection, early);
  checks.check(
    `${name}: takes all of a batch`,
    posted.every(({ outcome }) => outcome === 'accepted'),
  );
  const first = await readAll(client, peer);
  checks.equal(
    `${name}: nothing is lost`,
    `${missing(early, first.objects)} of ${early.length}`,
    `0 of ${early.length}`,
  );
  const again = await client.post(peer.collection, early);
  checks.check(
    `${name}: what is there already is told from what is refused`,
    again.every(({ outcome }) => outcome !== 'refused' && outcome !== 'unknown'),
  );
  await client.post(peer.collection, late);
  const second = await readAll(client, peer, first.checkpoint);
  checks.equal(
    `${name}: the next reading gives what is new`,
    `${missing(late, second.objects)} lost, ${second.objects.length} given`,
    `0 lost, ${late.length} given`,
  );
  const traffic: Traffic = { requests: 0 };
  const started = performance.now();
  const whole = await readAll(connectPeer(peer, traffic), peer);
  const seconds = (performance.now() - started) / 1000;
  checks.check(`${name}: whole`, missing(objects, whole.objects) === 0 && whole.refused === 0);
  const sound = whole.objects.filter((object) => verifyObject(object, KEYS) !== null).length;
  checks.equal(`${name}: signatures verify`, `${sound}`, `${objects.length}`);
  checks.note(
    `${name}: ${objects.length} objects with their versions in ${traffic.requests} requests, ${seconds.toFixed(1)} s; 0 lost, ${sound} signatures verify`,
  );
  let records = 0;
  for await (const page of client.readManifest(peer.collection)) records += page.records.length;
  checks.equal(`${name}: the manifest is read to its end`, `${records}`, `${objects.length}`);
  const { id } = objects.find(({ revoked }) => revoked === true)!;
  const versions = await client.listVersions(peer.collection, id);
  checks.check(`${name}: versions`, versions.length === objects.filter((object) => object.id === id).length);
  await checkLosses(checks, python, name, peer, objects);
  checks.check(`${name}: an object is removed once`, await client.remove(peer.collection, id));
  checks.equal(`${name}: and is gone`, `${(await client.findObjects(peer.collection, [id])).length}`, '0');
}

/** What is lost when every tenth answer is, and what other ways of reading lose or never end at. */
async function checkLosses(
  checks: Checks,
  python: Python,
  name: string,
  peer: TaxiiPeer,
  objects: readonly StixObject[],
): Promise<void> {
  const random = new Random(SEED);
  const traffic: Traffic = { requests: 0 };
  let lost = 0;
  for (let round = 0; round < 5; round++) {
    const client = connectPeer(peer, traffic, (request) => request.method === 'GET' && random.bernoulli(0.1));
    lost += missing(objects, (await readAll(client, peer)).objects);
  }
  checks.equal(`${name}: nothing is lost with every tenth answer`, `${lost}`, '0');
  const told = [`ours, every tenth answer lost on the way: ${lost} of ${5 * objects.length}`];
  for (const way of ['objects', 'manifest', 'time']) {
    const { keys, requests, error } = JSON.parse(
      await python.run('taxii-peers.py', ['read', peer.collection.href, way, `${PEER_PAGE}`]),
    ) as { keys: string[]; requests: number; error: string | null };
    const left = objects.length - new Set(keys).size;
    const what = way === 'time' ? 'its session by added_after' : `as_pages of ${way}`;
    told.push(
      `taxii2-client, ${what}: ${left} of ${objects.length} lost, ${keys.length - new Set(keys).size} twice, ${requests} requests${error === null ? '' : `, ${error}`}`,
    );
  }
  for (const line of told) checks.note(`${name}: ${line}`);
}

/** medallion answers 500 where it meets an object with a member `version`: what it did not take is told, and all else is there. */
async function checkPoisoned(checks: Checks, peer: TaxiiPeer): Promise<void> {
  const client = connectPeer(peer);
  const objects = drawObjects(30, 'green');
  const [definition] = listExtensionDefinitions();
  const posted = await client.post(peer.collection, [...objects, definition!]);
  const { outcome, message } = posted.at(-1)!;
  const traffic: Traffic = { requests: 0 };
  const reading = await readAll(connectPeer(peer, traffic), peer).then(
    ({ objects: found }) => `all but ${missing([...objects, definition!], found)} read`,
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );
  checks.check(
    'medallion with an extension-definition: what it cannot do is told',
    reading.startsWith('COALITION_TAXII') || reading === `all but ${outcome === 'accepted' ? 0 : 1} read`,
    () => `${outcome}, ${reading}`,
  );
  checks.check('after few requests', traffic.requests < 100, () => `${traffic.requests}`);
  checks.note(
    `medallion with an extension-definition: ${outcome} ${message}; ${reading}, ${traffic.requests} requests`,
  );
}

/** What Python reads, keeps and prints, and readers of I-JSON refuse. */
const HOSTILE = [
  '"\\ud800"',
  '9007199254740993',
  'NaN',
  '1e400',
  `"${'x'.repeat(70_000)}"`,
  `${'['.repeat(40)}${']'.repeat(40)}`,
];

/** A member who may write plants objects that cannot be read, between others. */
async function checkHostile(checks: Checks, python: Python, peer: TaxiiPeer): Promise<void> {
  const objects = drawObjects(60, 'green');
  const texts = objects.map((object) => JSON.stringify(object));
  for (const [at, value] of HOSTILE.entries()) {
    const id = `campaign--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0f0${at}`;
    const time = '"2026-11-20T00:00:00.000Z"';
    texts.splice(
      at * 9,
      0,
      `{"type":"campaign","spec_version":"2.1","id":"${id}","created":${time},"modified":${time},"name":"n","x_value":${value}}`,
    );
  }
  const answer = await fetch(new URL('objects/', peer.collection), {
    method: 'POST',
    headers: {
      accept: 'application/taxii+json;version=2.1',
      'content-type': 'application/taxii+json;version=2.1',
      authorization: `Basic ${Buffer.from('admin:Password0').toString('base64')}`,
    },
    body: `{"objects":[${texts.join(',')}]}`,
  });
  checks.equal('medallion takes hostile objects', `${answer.status}`, '202');
  const { objects: found, refused } = await readAll(connectPeer(peer), peer);
  checks.equal('hostile objects between: nothing else is lost', `${missing(objects, found)}`, '0');
  checks.equal('and they are told of', `${refused}`, `${HOSTILE.length}`);
  const theirs = JSON.parse(
    await python.run('taxii-peers.py', ['read', peer.collection.href, 'objects', `${PEER_PAGE}`]),
  );
  checks.note(
    `${HOSTILE.length} hostile objects between ${objects.length}: ${missing(objects, found)} lost, ${refused} told of; taxii2-client reads ${theirs.keys.length} (${theirs.error ?? 'no error'})`,
  );
}

const HUB_COLLECTION = '52892447-4d7e-4f70-b94d-d7f22742ff63';
const PEER = {
  id: 'peer',
  identity: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b01',
  clearance: 'amber',
  roles: ['peer-hub'],
  suspendedAtMs: null,
} as const;

/** Our hub, OpenTAXII, our second hub. */
async function checkRelay(checks: Checks, peer: TaxiiPeer): Promise<void> {
  const [one, two] = [makeHub(), makeHub()];
  const campaign = drawObjects(31, 'amber');
  const closed = drawObjects(33, 'red').slice(0, 5);
  const target = writeStore(one, HUB_COLLECTION, PEER);
  const taken = await target.add([...campaign, ...closed]);
  checks.check(
    'our hub takes the campaign',
    taken.every(({ outcome }) => outcome === 'added'),
  );
  const client = connectPeer(peer);
  const common = { keys: KEYS, isEncrypted: true };
  const sent = await mirrorCollection({
    ...common,
    source: readStore(one, HUB_COLLECTION),
    target: writeRemote(client, peer.collection, true),
    state: keepState(),
  });
  const known = new Set(campaign.map(digestObject));
  const received = await mirrorCollection({
    ...common,
    source: readRemote(client, peer.collection),
    target: writeStore(two, HUB_COLLECTION, PEER),
    state: keepState(),
  });
  const found = await readStore(two, HUB_COLLECTION).find(campaign.map(({ id }) => id));
  const whole = found.filter(
    (object) => known.has(digestObject(object)) && verifyObject(object, KEYS) !== null,
  );
  checks.equal(
    'our hub, OpenTAXII, our second hub: signatures verify',
    `${whole.length}`,
    `${campaign.length}`,
  );
  checks.equal('red stays at home', `${sent.stayed}`, `${closed.length}`);
  checks.note(
    `our hub, OpenTAXII, our second hub: ${sent.added} sent and ${sent.present} there, ${sent.stayed} red stay, ${received.added} received, ${whole.length} of ${campaign.length} verify`,
  );
}

function makeHub(): MemoryTaxiiStore {
  const store = new MemoryTaxiiStore();
  store.addApiRoot({ path: 'labs', title: 'Labs', description: null, isDefault: true });
  store.addCollection('labs', { id: HUB_COLLECTION, title: 'All', rights: {} });
  return store;
}

function keepState(): { load(): Promise<Json | null>; save(state: Json): Promise<void> } {
  let kept: Json | null = null;
  return {
    load: async () => kept,
    save: async (state) => {
      kept = state;
    },
  };
}
