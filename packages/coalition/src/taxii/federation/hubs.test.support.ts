import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Json } from '@phalanx/core';
import type { Member } from '../../identity/member.js';
import { makeDomainObject } from '../../stix/made-object.js';
import { makeTlpMarking, type TlpLevel } from '../../stix/marking/tlp.js';
import { digestObject } from '../../stix/object-digest.js';
import { type SignerKey, signObject } from '../../stix/signed-object.js';
import type { StixObject } from '../../stix/stix-object.js';
import { makeNextVersion, revokeObject } from '../../stix/version-chain.js';
import type { Transport } from '../client/http-transport.js';
import { TaxiiClient } from '../client/taxii-client.js';
import { MemoryTaxiiStore } from '../memory-store.js';
import { TaxiiServer } from '../taxii-server.js';
import { type MirrorReport, mirrorCollection } from './mirror-collection.js';
import type { MirrorSource, MirrorTarget } from './mirror-ends.js';
import type { MirrorStateKeeper } from './mirror-state.js';
import { readRemote, writeRemote } from './remote-ends.js';
import { readStore, writeStore } from './store-ends.js';

const COLLECTION_ID = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
export const COLLECTION = new URL(`https://hub.example/labs/collections/${COLLECTION_ID}/`);
export const AT_MS = Date.UTC(2026, 10, 23);
const UNLIMITED = { burst: 1e9, perSecond: 1e9 };

/** A lab that signs what it makes. */
export interface Lab {
  readonly identity: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
}

const PAIRS = Array.from({ length: 6 }, () => generateKeyPairSync('ed25519'));

export const LABS: readonly Lab[] = PAIRS.map(({ privateKey }, at) => ({
  identity: `identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a0${at + 1}`,
  kid: `lab-${at + 1}`,
  privateKey,
}));

export const KEYS: ReadonlyMap<string, SignerKey> = new Map(
  LABS.map(({ kid, identity }, at) => [kid, { identity, publicKey: PAIRS[at]!.publicKey }]),
);

let made = 0;

/** A signed indicator of a lab. */
export function makeSigned(lab: Lab, marking: TlpLevel | readonly [string, ...string[]]): StixObject {
  made++;
  const indicator = makeDomainObject(
    'indicator',
    {
      createdByRef: lab.identity,
      atMs: AT_MS - 86_400_000,
      markingRefs: typeof marking === 'string' ? [makeTlpMarking(marking).id] : marking,
    },
    {
      pattern: `[ipv4-addr:value = '198.51.${made >> 8}.${made & 255}']`,
      pattern_type: 'stix',
      valid_from: '2026-11-01T00:00:00Z',
    },
  );
  return signObject(indicator, lab);
}

/** The next version of an object of a lab, one second later, signed. */
export function changeSigned(lab: Lab, before: StixObject, revoke = false): StixObject {
  const atMs = Date.parse(String(before.modified)) + 1000;
  const next = revoke ? revokeObject(before, atMs) : makeNextVersion(before, { name: `at ${atMs}` }, atMs);
  return signObject(next, lab);
}

function makeMember(id: string, identity: string, role: 'lab' | 'peer-hub', clearance: TlpLevel): Member {
  return { id, identity, clearance, roles: [role], suspendedAtMs: null };
}

/** A hub in this process: a TAXII server over a store in memory. */
export class Hub {
  readonly store = new MemoryTaxiiStore({ nowMs: () => AT_MS });
  readonly server: TaxiiServer;
  readonly #identity: string;

  constructor(at: number) {
    this.#identity = `identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b0${at}`;
    this.store.addApiRoot({ path: 'labs', title: 'Labs', description: null, isDefault: true });
    this.store.addCollection('labs', {
      id: COLLECTION_ID,
      title: 'All',
      rights: { lab: 'read-write', peer: 'read-write' },
    });
    this.server = new TaxiiServer({
      store: this.store,
      publicUrl: 'https://hub.example',
      title: 'A hub',
      cursorKey: new Uint8Array(32).fill(at),
      challenge: 'Basic',
      findKeys: async () => KEYS,
      reads: UNLIMITED,
      writes: UNLIMITED,
      clock: { nowMs: () => AT_MS },
    });
  }

  /** A client of a lab with this identity, or of a peer. */
  connect(lab: Lab | null, transport: (inner: Transport) => Transport = (inner) => inner): TaxiiClient {
    const member =
      lab === null
        ? makeMember('peer', this.#identity, 'peer-hub', 'amber')
        : makeMember('lab', lab.identity, 'lab', 'red');
    const ask: Transport = (request) =>
      this.server.handle(request, { member, method: 'mtls', encrypted: true });
    return new TaxiiClient(COLLECTION, { transport: transport(ask), wait: async () => undefined });
  }

  get source(): MirrorSource {
    return readStore(this.store, COLLECTION_ID);
  }

  /** Straight into the store, or through the server as a peer. */
  target(throughServer: boolean): MirrorTarget {
    return throughServer
      ? writeRemote(this.connect(null), COLLECTION, true)
      : writeStore(this.store, COLLECTION_ID, makeMember('peer', this.#identity, 'peer-hub', 'amber'));
  }

  /** Digests of all versions that are there, in order; one for each time it is there. */
  async listDigests(): Promise<string[]> {
    const digests: string[] = [];
    for await (const { objects } of this.source.read(null)) digests.push(...objects.map(digestObject));
    return digests.sort();
  }
}

/** State in memory that may fail to be saved, as when the process dies first. */
export class KeptState implements MirrorStateKeeper {
  #json: string | null = null;
  crashes = false;

  async load(): Promise<Json | null> {
    return this.#json === null ? null : JSON.parse(this.#json);
  }

  async save(state: Json): Promise<void> {
    if (this.crashes) throw new Error('killed');
    this.#json = JSON.stringify(state);
  }
}

/** One hub takes over what another has. */
export function pull(
  source: MirrorSource | TaxiiClient,
  target: MirrorTarget,
  state: MirrorStateKeeper,
  keys: ReadonlyMap<string, SignerKey> = KEYS,
): Promise<MirrorReport> {
  const from = source instanceof TaxiiClient ? readRemote(source, COLLECTION) : source;
  return mirrorCollection({
    source: from,
    target,
    keys,
    state,
    isEncrypted: true,
    clock: { nowMs: () => AT_MS },
  });
}
