import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { Caller, MemberRole } from '../identity/member.js';
import { makeTlpMarking, type TlpLevel } from '../stix/marking/tlp.js';
import type { SignerKey } from '../stix/signed-object.js';
import type { StixObject } from '../stix/stix-object.js';
import { formatTimestamp } from '../stix/timestamp.js';
import { MemoryTaxiiStore } from './memory-store.js';
import { TaxiiServer, type TaxiiServerSettings } from './taxii-server.js';
import type { TaxiiStore } from './taxii-store.js';

export const COLLECTION = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
export const CLOSED = '52892447-4d7e-4f70-b94d-d7f22742ff63';
export const ANNOUNCED = '64993447-4d7e-4f70-b94d-d7f33742ee63';
export const PATH = `/labs/collections/${COLLECTION}`;
export const IDENTITIES = {
  'lab-a': 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
  'lab-b': 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02',
  hub: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09',
} as const;

export type Who = keyof typeof IDENTITIES;

export const CLOCK = { ms: Date.UTC(2026, 10, 23), nowMs: () => CLOCK.ms };

/** A member and how it came. */
export function makeCaller(who: Who, clearance: TlpLevel = 'red', encrypted = true): Caller {
  const roles: MemberRole[] = [who === 'hub' ? 'peer-hub' : 'lab'];
  const member = { id: who, identity: IDENTITIES[who], clearance, roles, suspendedAtMs: null };
  return { member, method: 'basic', encrypted };
}

/** A hub of one root with three collections: of all, closed to lab-b, and announced only. */
export function makeServer(settings: Partial<TaxiiServerSettings> = {}): {
  server: TaxiiServer;
  store: TaxiiStore;
} {
  const store = new MemoryTaxiiStore(CLOCK);
  store.addApiRoot({ path: 'labs', title: 'Labs', description: null, isDefault: true });
  const everybody = { 'lab-a': 'read-write', 'lab-b': 'read-write', hub: 'read-write' } as const;
  store.addCollection('labs', { id: COLLECTION, title: 'All', alias: 'all', rights: everybody });
  store.addCollection('labs', { id: CLOSED, title: 'Closed', rights: { 'lab-a': 'write' } });
  store.addCollection('labs', { id: ANNOUNCED, title: 'Announced', rights: {}, isAnnounced: true });
  const server = new TaxiiServer({
    store,
    publicUrl: 'https://hub.example',
    title: 'A hub',
    cursorKey: new Uint8Array(32).fill(7),
    challenge: 'Basic realm="hub", charset="UTF-8"',
    reads: { burst: 1e6, perSecond: 1e6 },
    writes: { burst: 1e6, perSecond: 1e6 },
    clock: CLOCK,
    ...settings,
  });
  return { server, store: settings.store ?? store };
}

/** Members of all resources that tests look at. */
export interface Resource {
  readonly title: string;
  readonly description: string;
  readonly id: string;
  readonly status: string;
  readonly total_count: number;
  readonly success_count: number;
  readonly failure_count: number;
  readonly failures: readonly { readonly id: string; readonly version: string; readonly message: string }[];
  readonly collections: readonly {
    readonly id: string;
    readonly can_read: boolean;
    readonly can_write: boolean;
  }[];
  readonly objects: readonly (StixObject & { readonly date_added: string; readonly media_type: string })[];
  readonly versions: readonly string[];
  readonly more: boolean;
  readonly next: string;
}

/** One request; the body is JSON unless it is text. */
export async function ask(
  server: TaxiiServer,
  who: Caller | null,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<{ status: number; headers: Headers; body: Resource }> {
  const { body, method = body === undefined ? 'GET' : 'POST', headers } = init;
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const request = new Request(`http://localhost${path}`, {
    method,
    headers: {
      accept: 'application/taxii+json;version=2.1',
      'content-type': 'application/taxii+json;version=2.1',
      ...headers,
    },
    ...(body === undefined ? {} : { body: sent }),
  });
  const answer = await server.handle(request, who);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
}

/** Sends objects; the status resource. */
export async function post(
  server: TaxiiServer,
  who: Caller,
  objects: readonly unknown[],
  path = PATH,
): Promise<Resource> {
  return (await ask(server, who, `${path}/objects/`, { body: { objects } })).body;
}

/** An indicator of somebody, marked. */
export function makeIndicator(
  maker: Who,
  marking: TlpLevel | readonly string[] = 'clear',
  changes: Readonly<Record<string, unknown>> = {},
): StixObject {
  const at = formatTimestamp(Date.UTC(2026, 10, 1));
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${randomUUID()}`,
    created_by_ref: IDENTITIES[maker],
    created: at,
    modified: at,
    name: 'seen',
    pattern: "[ipv4-addr:value = '198.51.100.3']",
    pattern_type: 'stix',
    valid_from: at,
    object_marking_refs: typeof marking === 'string' ? [makeTlpMarking(marking).id] : [...marking],
    ...changes,
  } as StixObject;
}

/** Keys of lab-a and of lab-b, as a hub knows them. */
export const SIGNER = { kid: 'lab-a-2026', ...generateKeyPairSync('ed25519') };
export const RIVAL = { kid: 'lab-b-2026', ...generateKeyPairSync('ed25519') };
const KEYS = new Map<string, SignerKey>([
  [SIGNER.kid, { publicKey: SIGNER.publicKey, identity: IDENTITIES['lab-a'] }],
  [RIVAL.kid, { publicKey: RIVAL.publicKey, identity: IDENTITIES['lab-b'] }],
]);
export const findKeys = async () => KEYS;

/** Why one object is refused; null when it is taken. */
export async function refusalOf(
  object: unknown,
  who = makeCaller('lab-a'),
  { server } = makeServer({ findKeys }),
): Promise<string | null> {
  const { failures = [], success_count } = await post(server, who, [object]);
  return success_count === 1 ? null : failures[0]!.message;
}
