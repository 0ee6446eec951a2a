import { randomBytes } from 'node:crypto';
import { makeDomainObject, makeTlpMarking } from '@phalanx/coalition';
import { MemoryTaxiiStore, TaxiiClient, TaxiiServer, writeStore } from '@phalanx/coalition/taxii';

const COLLECTION_ID = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const COLLECTION = new URL(`https://hub.example/labs/collections/${COLLECTION_ID}/`);
const OBJECTS = 20_000;
const BATCH = 500;
const ROUNDS = 3;
const PEER = {
  id: 'peer',
  identity: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b01',
  clearance: 'red',
  roles: ['peer-hub'],
  suspendedAtMs: null,
} as const;
const UNLIMITED = { burst: 1e9, perSecond: 1e9 };

/** Processor time of our TAXII client for what it reads, validation included, apart from that of the server in the same process. */
export async function benchTaxiiClient(): Promise<void> {
  const store = new MemoryTaxiiStore();
  store.addApiRoot({ path: 'labs', title: 'Labs', description: null, isDefault: true });
  store.addCollection('labs', { id: COLLECTION_ID, title: 'All', rights: { peer: 'read' } });
  await fill(store);
  const server = new TaxiiServer({
    store,
    publicUrl: COLLECTION.origin,
    title: 'A hub',
    cursorKey: randomBytes(32),
    challenge: 'Basic',
    reads: UNLIMITED,
  });
  let serverS = 0;
  const client = new TaxiiClient(COLLECTION, {
    transport: async (request) => {
      const from = process.cpuUsage();
      const answer = await server.handle(request, { member: PEER, method: 'mtls', encrypted: true });
      serverS += secondsSince(from);
      return answer;
    },
  });
  for (let round = 1; round <= ROUNDS; round++) {
    serverS = 0;
    const from = process.cpuUsage();
    let objects = 0;
    for await (const page of client.readAll(COLLECTION)) objects += page.objects.length;
    const ownS = secondsSince(from) - serverS;
    const rate = Math.round(objects / ownS);
    console.log(
      `round ${round}: ${objects} objects, client ${ownS.toFixed(2)} CPU s (${rate} objects a second), server ${serverS.toFixed(2)} CPU s`,
    );
  }
}

async function fill(store: MemoryTaxiiStore): Promise<void> {
  const target = writeStore(store, COLLECTION_ID, PEER);
  const markingRefs = [makeTlpMarking('green').id] as const;
  for (let at = 0; at < OBJECTS; at += BATCH) {
    const objects = Array.from({ length: BATCH }, (_, n) =>
      makeDomainObject(
        'indicator',
        { createdByRef: PEER.identity, atMs: Date.UTC(2026, 10, 20) + at + n, markingRefs },
        {
          pattern: `[ipv4-addr:value = '198.${(at + n) >> 8}.${(at + n) & 255}.1']`,
          pattern_type: 'stix',
          valid_from: '2026-11-01T00:00:00Z',
        },
      ),
    );
    await target.add(objects);
  }
}

function secondsSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}
