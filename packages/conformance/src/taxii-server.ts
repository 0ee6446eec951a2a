import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTaxiiStore } from '@phalanx/coalition/taxii';
import type { Checks } from './checks.js';
import { listHostileBodies } from './hostile-taxii.js';
import type { Python } from './python.js';
import type { Suite } from './suite.js';
import {
  AUTHORIZATION,
  answerTaxii,
  type EmptyStore,
  hostTaxii,
  type MedallionSeed,
  STORES,
  seedStore,
  USER,
} from './taxii-host.js';
import { startPeer, stopPeer } from './taxii-peers.js';
import { PROBES, type ProbeTarget, ProbeWire } from './taxii-probes.js';

const PACKAGES = [
  'medallion==3.0.0',
  'opentaxii==0.10.0b1',
  'taxii2-client==2.3.0',
  'stix2==3.0.2',
  'stix2-validator==3.3.2',
  'pytest==9.2.0',
];
const COLLECTION = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const HOSTILE_MS = 50;
/** Sequences of operations that each store must answer as the one in memory does. */
const CONTRACTS = 10;

type OpenStore = () => Promise<EmptyStore>;

/** Our TAXII server judged by medallion's own tests, taxii2-client, stix2 and raw requests; medallion and OpenTAXII beside it. */
export const taxiiServer: Suite = {
  name: 'taxii-server',
  what: "TAXII server against medallion's own tests, taxii2-client, stix2 and raw requests, which medallion and OpenTAXII get too; hostile bodies timed",
  slow: true,
  async run(checks, { vectors, python }) {
    const folder = vectors === null ? '' : join(vectors, 'vectors/stix');
    const data = join(folder, 'medallion_default_data.json');
    const peers = await python.open(PACKAGES);
    if (typeof peers === 'string') checks.skip(peers);
    if (!existsSync(data)) checks.skip("no data of medallion's tests");
    for (const [name, open] of Object.entries(STORES)) {
      await checkStore(checks, name, open);
      await checkProbes(checks, name, open);
      if (typeof peers === 'string' || !existsSync(data)) continue;
      const seed: MedallionSeed = JSON.parse(readFileSync(data, 'utf8'));
      await checkClients(checks, peers, name, open, seed);
      await checkMedallionTests(checks, peers, name, open, seed, join(folder, 'medallion/test_backends.py'));
    }
    await checkHostileBodies(checks);
    if (typeof peers !== 'string') await compareProbes(checks, peers);
  },
};

/** A collection that the user may read and write, on a port. */
async function withCollection<T>(open: OpenStore, use: (url: string) => Promise<T>): Promise<T> {
  return withHost(open, addCollection, use);
}

async function addCollection(empty: EmptyStore): Promise<void> {
  await empty.addApiRoot({ path: 'api1', title: 'Root', description: null, isDefault: true }, false);
  const rights = { [USER.id]: 'read-write' as const };
  await empty.addCollection('api1', { id: COLLECTION, title: 'All', rights });
}

/** Runs with a listener that is closed at the end. */
async function withHost<T>(
  open: OpenStore,
  fill: (empty: EmptyStore) => Promise<void>,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const empty = await open();
  await fill(empty);
  const { url, close } = await hostTaxii(empty.store);
  try {
    return await use(url);
  } finally {
    await close();
    await empty.close();
  }
}

async function checkStore(checks: Checks, name: string, open: OpenStore): Promise<void> {
  for (let seed = 1; seed <= CONTRACTS; seed++) {
    const empty = await open();
    await addCollection(empty);
    const found = await checkTaxiiStore({ store: empty.store, collectionId: COLLECTION }, seed).then(
      () => '',
      (error: unknown) => String(error),
    );
    checks.equal(`${name} keeps the contract of stores`, found.slice(0, 500), '');
    await empty.close();
  }
}

/** What failed, with what was wrong. */
async function probe(target: ProbeTarget): Promise<Map<string, string>> {
  const wire = new ProbeWire(target);
  await wire.fill();
  const failed = new Map<string, string>();
  for (const { what, run } of PROBES) {
    const found = await run(wire).catch((error: unknown) => String(error));
    if (found !== true) failed.set(what, found);
  }
  return failed;
}

async function checkProbes(checks: Checks, name: string, open: OpenStore): Promise<void> {
  const failed = await withCollection(open, (url) =>
    probe({ discovery: `${url}/taxii2/`, collection: `${url}/api1/collections/${COLLECTION}/` }),
  );
  for (const { what } of PROBES) checks.check(`${name}: ${what}`, !failed.has(what), () => failed.get(what)!);
  checks.note(`${name}: ${PROBES.length - failed.size} of ${PROBES.length} raw probes`);
}

async function compareProbes(checks: Checks, python: Python): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-taxii-'));
  try {
    for (const [name, argument] of [
      ['medallion', '100'],
      ['opentaxii', folder],
    ] as const) {
      const peer = await startPeer(python, name, argument);
      try {
        const failed = await probe({ discovery: peer.discovery.href, collection: peer.collection.href });
        checks.note(
          `${name}: ${PROBES.length - failed.size} of ${PROBES.length} raw probes as asked for; otherwise:`,
        );
        for (const [what, why] of failed) checks.note(`  ${what}: ${why.slice(0, 100)}`);
      } finally {
        await stopPeer(peer);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function checkClients(
  checks: Checks,
  python: Python,
  name: string,
  open: OpenStore,
  seed: MedallionSeed,
): Promise<void> {
  const found: [string, boolean, string][] = await withHost(
    open,
    (empty) => seedStore(empty, seed),
    async (url) => JSON.parse(await python.run('taxii-server.py', ['clients', url])),
  );
  for (const [what, passed, detail] of found) checks.check(`${name}: ${what}`, passed, () => detail);
  checks.note(
    `${name}: ${found.filter(([, passed]) => passed).length} of ${found.length} checks by taxii2-client and stix2`,
  );
}

/** Tests of medallion that send what stix2-validator refuses: the objects. */
const INVALID: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'test_SCO_versioning[memory]': {
    type: 'artifact',
    spec_version: '2.1',
    id: 'artifact--6f437177-6e48-5cf8-9d9e-872a2bddd641',
    mime_type: 'application/zip',
    encryption_algorithm: 'mime-type-indicated',
    decryption_key: 'My voice is my passport',
  },
  'test_object_already_present[memory]': {
    created: '2014-05-08T09:00:00.000Z',
    id: 'relationship--2f9a9aa9-108a-4333-83e2-4fb25add0463',
    relationship_type: 'indicates',
    source_ref: 'indicator--cd981c25-8042-4166-8945-51178443bdac',
    spec_version: '2.1',
    target_ref: 'malware--c0931cc6-c75e-47e5-9036-78fabc95d4ec',
    type: 'relationship',
  },
};

async function checkMedallionTests(
  checks: Checks,
  python: Python,
  name: string,
  open: OpenStore,
  seed: MedallionSeed,
  file: string,
): Promise<void> {
  if (!existsSync(file)) return checks.skip("no copy of medallion's test_backends.py");
  const found: [string, string, string][] = await withHost(
    open,
    (empty) => seedStore(empty, seed),
    async (url) => JSON.parse(await python.run('taxii-server.py', ['suite', url, file])),
  );
  const names = Object.keys(INVALID);
  const verdicts: (string | null)[] = JSON.parse(
    await python.run('taxii-server.py', ['validate'], JSON.stringify(Object.values(INVALID))),
  );
  for (const [test, outcome, detail] of found) {
    const why = names.includes(test) ? verdicts[names.indexOf(test)] : null;
    if (why == null) checks.check(`${name}: ${test} of medallion`, outcome === 'passed', () => detail);
    else {
      checks.check(`${name}: ${test} of medallion is refused`, outcome === 'failed');
      checks.note(`${name}: ${test} sends what stix2-validator refuses, and fails: ${why}`);
    }
  }
  const passed = found.filter(([, outcome]) => outcome === 'passed').length;
  checks.check(`${name}: the tests of medallion ran`, found.length >= 74, () => `${found.length} tests`);
  checks.note(`${name}: ${passed} of ${found.length} tests of medallion`);
}

/** Processor time of answers without a socket, best of three: other processes of the machine do not count. */
async function checkHostileBodies(checks: Checks): Promise<void> {
  const empty = await STORES.memory!();
  await addCollection(empty);
  const answer = answerTaxii(empty.store);
  const times: [number, string][] = [];
  for (const { what, body } of listHostileBodies()) {
    let bestMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const request = new Request(`http://localhost/api1/collections/${COLLECTION}/objects/`, {
        method: 'POST',
        headers: { authorization: AUTHORIZATION, 'content-type': 'application/taxii+json;version=2.1' },
        body: Buffer.from(body),
      });
      const from = process.cpuUsage();
      const { status } = await answer(request);
      const { user, system } = process.cpuUsage(from);
      bestMs = Math.min(bestMs, (user + system) / 1000);
      checks.check(`${what} is answered`, [202, 413, 422].includes(status), () => `${status}`);
    }
    times.push([bestMs, what]);
    checks.check(`${what} within ${HOSTILE_MS} ms`, bestMs < HOSTILE_MS, () => `${bestMs.toFixed(1)} ms`);
  }
  const worst = times.sort(([a], [b]) => b - a).slice(0, 3);
  checks.note(
    `${times.length} hostile bodies, processor time, best of three; the slowest: ` +
      worst.map(([ms, what]) => `${what} ${ms.toFixed(1)} ms`).join(', '),
  );
}
