import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PythonSetup } from './python.js';
import { drawObjects } from './signed-campaigns.js';
import { connectPeer, startPeer, stopPeer } from './taxii-peers.js';

/**
 * Freezes what medallion and OpenTAXII answer our client, for its tests:
 * `node packages/conformance/dist/record-taxii-servers.js packages/coalition/src/taxii/client/fixtures`
 */
const OBJECTS = 50;
const PACKAGES = ['medallion==3.0.0', 'opentaxii==0.10.0b1', 'stix2==3.0.2'];
const python = await new PythonSetup().open(PACKAGES);
if (typeof python === 'string') throw new Error(python);
const [folder] = process.argv.slice(2);
const databases = mkdtempSync(join(tmpdir(), 'phalanx-taxii-'));
for (const [name, argument] of [
  ['medallion', '20'],
  ['opentaxii', databases],
] as const) {
  const peer = await startPeer(python, name, argument);
  const objects = drawObjects(OBJECTS, 'amber');
  const sender = connectPeer(peer);
  for (const batch of [objects.slice(0, 10), objects.slice(10)]) await sender.post(peer.collection, batch);
  const exchanges: object[] = [];
  const client = connectPeer(
    peer,
    { requests: 0 },
    () => false,
    (exchange) => exchanges.push(exchange),
  );
  await client.findCollection(peer.collection);
  for await (const _ of client.readAll(peer.collection));
  for await (const _ of client.readManifest(peer.collection));
  const changed = objects.find(({ revoked }) => revoked === true)!.id;
  await client.listVersions(peer.collection, changed);
  await stopPeer(peer);
  const sent = objects.map(({ id, modified, created }) => `${id} ${modified ?? created ?? ''}`.trim());
  const collection = `https://hub.example${peer.collection.pathname}`;
  const lines = exchanges.map((exchange) => JSON.stringify(exchange)).join(',\n');
  writeFileSync(
    join(folder!, `${name}.json`),
    `{"source":${JSON.stringify(`answers of ${PACKAGES.find((one) => one.startsWith(name))!}`)},\n"collection":${JSON.stringify(collection)},\n` +
      `"changed":${JSON.stringify(changed)},\n"sent":${JSON.stringify(sent)},\n"exchanges":[\n${lines}\n]}\n`,
  );
  console.log(`${name}: ${exchanges.length} exchanges`);
}
rmSync(databases, { recursive: true });
