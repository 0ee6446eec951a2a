import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Caller } from '@phalanx/coalition/identity';
import {
  blindForServers,
  declareSet,
  decodeMessage,
  type EvaluationRequest,
  encodeMessage,
  epochOf,
  evaluateShare,
  evaluationRequestSchema,
  lookupRequestSchema,
  MAX_EVALUATION_TEXT,
  matchingInput,
  partialEvaluationSchema,
  SightingTable,
  type TokenSightings,
  tokenSightingsSchema,
} from '@phalanx/coalition/matching';
import { listen, systemClock, toBase64, utf8 } from '@phalanx/core';
import {
  addMatchingRoutes,
  KeyCeremony,
  type KeyRoster,
  KeyServer,
  KeyShareFiles,
  limitBody,
  MatchingRoom,
  Metrics,
  makeApi,
  makeKeyServerApi,
  makeSender,
  rawPublicKey,
  requireCaller,
} from '@phalanx/server';
import { type ControlStore, EpochKeys } from '@phalanx/store/control';
import { openTemporaryControlStore } from '@phalanx/store/temporary';

const BATCH = 4096;
const LABS = 50;
const CONNECTIONS = 8;

/**
 * Prints evaluations a second of processor time of a key server over HTTP, counted and written down, beside the library's own on the same points; then level 1
 * lookups a second of a hub over HTTP beside the library's. HTTP without TLS on loopback, client and server in one process, PGlite in memory. Who
 * asks is given: `coalition-identity` measures what establishing it costs.
 */
export async function benchCoalitionHub(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      evaluations: { type: 'string', default: '100000' },
      tokens: { type: 'string', default: '100000' },
      lookups: { type: 'string', default: '20000' },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-hub-bench-'));
  const store = await openTemporaryControlStore();
  try {
    await measureEvaluations(store, folder, Number(values.evaluations));
    await measureLookups(store, folder, Number(values.tokens), Number(values.lookups));
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

async function measureEvaluations(store: ControlStore, folder: string, evaluations: number): Promise<void> {
  const epoch = epochOf(systemClock.nowMs());
  const server = await makeKeyServer(store, folder);
  const share = server.find(epoch)!;
  const inputs = Array.from({ length: BATCH }, (_, i) => matchingInput('prompt-hash', epoch, fill(32, i)));
  const { request } = blindForServers(share.group, [1], inputs, false);
  const batches = Math.ceil(evaluations / BATCH);

  const api = makeKeyServerApi(server, { authenticate: givenCaller, clock: systemClock, onError: raise });
  const listener = await listen(async (asked, connection) => api.fetch(asked, { connection }), {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: limitBody,
    answerMs: 600_000,
    onError: raise,
  });
  const send = makeSender({ timeoutMs: 600_000 });
  const elements = Array.from({ length: Math.ceil(evaluations / 1.1) }, (_, i) => fill(8, i));
  await server.declare('lab-0', declareSet(new Uint8Array(randomBytes(32)), epoch, elements));
  const text = encodeMessage(evaluationRequestSchema, request);
  let [library, served] = [0, 0];
  // In turns, so that both meet the same neighbours.
  for (let i = 0; i < batches; i++) {
    library += await secondsOf(async () => void evaluateShare(share, request));
    served += await secondsOf(async () => {
      const answer = await send(post(`${listener.url}/coalition/v1/evaluations`, text, 'lab-0'));
      if (answer.status !== 200) throw new Error(await answer.text());
      checkSize(decodeMessage(partialEvaluationSchema, await answer.text(), MAX_EVALUATION_TEXT), request);
    });
  }
  send.close();
  await listener.close();
  const count = batches * BATCH;
  console.log(
    `evaluations  ${count} points in ${batches} requests: library ${(count / library).toFixed(0)}/s, over HTTP ${(count / served).toFixed(0)}/s, ratio ${(library / served).toFixed(2)}`,
  );
}

async function measureLookups(
  store: ControlStore,
  folder: string,
  tokens: number,
  lookups: number,
): Promise<void> {
  const epoch = epochOf(systemClock.nowMs());
  const given = Array.from({ length: tokens }, () => new Uint8Array(randomBytes(16)));
  const message: TokenSightings = { type: 'phalanx-token-sightings-v1', epoch, tokens: given };
  const table = new SightingTable(epoch, 2);
  for (const lab of ['lab-0', 'lab-1']) table.add(lab, message);
  const made = table.build();
  const prefixes = Array.from({ length: lookups }, () => new Uint8Array(randomBytes(2)));
  const library = await secondsOf(async () => {
    for (const prefix of prefixes) made.answer({ type: 'phalanx-lookup-request-v1', epoch, prefix });
  });

  const room = new MatchingRoom({
    batches: store.matchingBatches(await EpochKeys.open(join(folder, 'epochs'))),
    clock: systemClock,
    threshold: 2,
    isActive: async () => true,
  });
  const text = encodeMessage(tokenSightingsSchema, message);
  for (const lab of ['lab-0', 'lab-1']) await room.addTokens(lab, text);
  const bare = await measureBare(prefixes.length);
  const api = makeApi(raise);
  requireCaller(api, '/coalition/*', givenCaller);
  addMatchingRoutes(api, room, systemClock, new Metrics());
  const listener = await listen(async (asked, connection) => api.fetch(asked, { connection }), {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: limitBody,
    onError: raise,
  });
  const send = makeSender();
  const url = `${listener.url}/coalition/v1/matching/lookups`;
  const ask = async (prefix: Uint8Array, i: number) => {
    const body = encodeMessage(lookupRequestSchema, { type: 'phalanx-lookup-request-v1', epoch, prefix });
    const answer = await send(post(url, body, `lab-${i % LABS}`));
    if (answer.status !== 200) throw new Error(await answer.text());
    await answer.text();
  };
  // The first makes the table.
  await ask(prefixes[0]!, 0);
  const served = await secondsOf(async () => {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async (_, own) => {
        for (let i = own; i < lookups; i += CONNECTIONS) await ask(prefixes[i]!, i);
      }),
    );
  });
  send.close();
  await listener.close();
  console.log(
    `lookups      ${lookups} among ${tokens} tokens, ${made.bucketSize} a bucket: library ${(lookups / library).toFixed(0)}/s, over HTTP ${(lookups / served).toFixed(0)}/s, ratio ${(library / served).toFixed(2)}; HTTP that answers nothing ${bare.toFixed(0)}/s`,
  );
}

/** Requests a second of processor time of a listener that answers without looking. */
async function measureBare(requests: number): Promise<number> {
  const listener = await listen(async () => new Response('{}'), {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: limitBody,
    onError: raise,
  });
  const send = makeSender();
  const seconds = await secondsOf(async () => {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async (_, own) => {
        for (let i = own; i < requests; i += CONNECTIONS)
          await (
            await send(post(`${listener.url}/`, '{"type":"phalanx-lookup-request-v1"}', 'lab-0'))
          ).text();
      }),
    );
  });
  send.close();
  await listener.close();
  return requests / seconds;
}

/** One server whose own share suffices, through the ceremony. */
async function makeKeyServer(store: ControlStore, folder: string): Promise<KeyServer> {
  const [signing, sealing] = [generateKeyPairSync('ed25519'), generateKeyPairSync('x25519')];
  const roster: KeyRoster = {
    type: 'phalanx-key-roster-v1',
    threshold: 1,
    servers: [
      {
        number: 1,
        member: 'key-1',
        url: 'http://127.0.0.1',
        signingKey: toBase64(rawPublicKey(signing.publicKey)),
        sealingKey: toBase64(rawPublicKey(sealing.publicKey)),
      },
    ],
  };
  const ceremony = new KeyCeremony({
    envelopes: store.keyEnvelopes,
    roster,
    clock: systemClock,
    stepMs: 60_000,
  });
  const server = new KeyServer({
    roster,
    number: 1,
    signingKey: signing.privateKey,
    sealingKey: sealing.privateKey,
    board: {
      view: (epoch) => ceremony.view(epoch),
      post: (envelopes) => ceremony.post('key-1', envelopes),
      list: (epoch, attempt, step) => ceremony.list('key-1', epoch, attempt, step),
    },
    shares: await KeyShareFiles.open(join(folder, 'shares')),
    quotas: store.quotas,
    clock: systemClock,
    log: () => undefined,
  });
  while (!(await server.tick()));
  return server;
}

async function givenCaller(request: Request): Promise<Caller> {
  const id = request.headers.get('x-lab')!;
  const member = {
    id,
    identity: `identity--${id}`,
    clearance: 'green',
    roles: ['lab'],
    suspendedAtMs: null,
  } as const;
  return { member, method: 'mtls', encrypted: true };
}

function post(url: string, body: string, lab: string): Request {
  return new Request(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-lab': lab },
  });
}

function checkSize(answer: { readonly points: readonly Uint8Array[] }, { points }: EvaluationRequest): void {
  if (answer.points.length !== points.length) throw new Error('points are missing');
}

function fill(bytes: number, value: number): Uint8Array {
  const filled = new Uint8Array(bytes);
  filled.set(utf8(`${value}`.slice(0, bytes)));
  return filled;
}

/** Of processor time of this process, all threads: wall time would measure the machine's neighbours. */
async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function raise(error: unknown): void {
  console.error(error);
}
