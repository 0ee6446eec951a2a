import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryTaxiiStore, TaxiiServer, type TaxiiStore } from '@phalanx/coalition/taxii';
import { listen } from '@phalanx/core';
import { openControlStore } from '@phalanx/store/control';
import { drawObject } from './taxii-read-objects.js';

/** What a host is told on its command line, as JSON. */
export interface HostTask {
  readonly store: 'memory' | 'pglite' | 'postgres';
  /** Of PostgreSQL. */
  readonly url: string;
  readonly collection: string;
  readonly objects: number;
  /** Marked so that each reader has to be judged. */
  readonly judged: boolean;
}

/** Objects added in one transaction. */
const BATCH = 2_000;
const PLENTY = { burst: 1e9, perSecond: 1e9 };

const task = JSON.parse(process.argv[2]!) as HostTask;
const folder = mkdtempSync(join(tmpdir(), 'phalanx-taxii-read-'));
const root = { path: 'api1', title: 'Root', description: null, isDefault: true };
const collection = { id: task.collection, title: 'All', rights: { reader: 'read' as const } };
const store = await openStore();
for (let at = 0; at < task.objects; at += BATCH) {
  const size = Math.min(BATCH, task.objects - at);
  await store.addObjects(
    task.collection,
    Array.from({ length: size }, (_, place) => drawObject(at + place, task.judged)),
  );
}
const server = new TaxiiServer({
  store,
  publicUrl: 'http://localhost',
  title: 'Bench',
  cursorKey: new Uint8Array(32),
  challenge: 'Basic',
  reads: PLENTY,
});
const identity = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01';
const member = {
  id: 'reader',
  identity,
  clearance: 'amber' as const,
  roles: ['lab' as const],
  suspendedAtMs: null,
};
const listener = await listen(
  (request) => server.handle(request, { member, method: 'basic', encrypted: true }),
  {
    host: '127.0.0.1',
    port: 0,
  },
);
process.send!({ url: `${listener.url}/api1/collections/${task.collection}/` });
process.once('message', async () => {
  await listener.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});

async function openStore(): Promise<TaxiiStore> {
  if (task.store === 'memory') {
    const memory = new MemoryTaxiiStore();
    memory.addApiRoot(root);
    memory.addCollection('api1', collection);
    return memory;
  }
  const control = await openControlStore(task.store === 'pglite' ? { dataDir: folder } : { url: task.url });
  await control.taxii.putApiRoot(root);
  await control.taxii.putCollection('api1', collection);
  return control.taxii;
}
