import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromUtf8, type Listener, listen, utf8 } from '@phalanx/core';
import { afterEach, describe, expect, it } from 'vitest';
import { parseCheckpoint } from './checkpoint.js';
import { TEXT_TYPE } from './log-server.js';
import { makeCosigner } from './note-signer.js';
import {
  logVerifier,
  makeEntries,
  makeKey,
  makePolicy,
  makeWitness,
  ORIGIN,
  openLog,
  type WitnessRig,
} from './served-log.test.support.js';
import { formatSignature, openNote, parseNote, signNote } from './signed-note.js';
import { checkPolicy } from './tlog-policy.js';
import { SignatureType } from './verifier-key.js';
import { formatAddCheckpoint, hashOrigin, MAX_REQUEST_BYTES } from './witness.js';
import { gatherCosignatures, WitnessClient, witnessesOf } from './witness-client.js';
import { makeWitnessHandler } from './witness-server.js';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve({ witness }: WitnessRig, bodyTimeoutMs = 1000): Promise<Listener> {
  const listener = await listen(makeWitnessHandler(witness, { bodyTimeoutMs }), {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 2 * MAX_REQUEST_BYTES,
    graceMs: 100,
  });
  open.push(() => listener.close());
  return listener;
}

/** A server that says what it likes. */
async function serveLies(
  answers: (body: string) => { status: number; body: string } | null,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      const answer = answers(body);
      if (answer !== null) response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a served witness', () => {
  it('answers as the specification says', async () => {
    const rig = makeWitness('w');
    const { url } = await serve(rig);
    const log = await openLog();
    log.append(makeEntries(3));
    const first = await log.publish();
    log.append(makeEntries(4));
    const note = await log.publish();
    const post = async (body: Uint8Array) => {
      const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
      return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
    };
    const monitor = `${url}/${hashOrigin(ORIGIN)}/checkpoint`;
    expect((await fetch(monitor)).status).toBe(404);
    const cosigned = await post(formatAddCheckpoint(0, [], first));
    expect([cosigned.status, cosigned.type]).toEqual([200, TEXT_TYPE]);
    expect(openNote(utf8(fromUtf8(first) + cosigned.text), [logVerifier, rig.key]).verified).toHaveLength(2);
    expect(await post(formatAddCheckpoint(0, [], note))).toEqual({
      status: 409,
      type: 'text/x.tlog.size',
      text: '3\n',
    });
    expect((await post(formatAddCheckpoint(3, [], note))).status).toBe(422);
    expect((await post(formatAddCheckpoint(9, [], note))).status).toBe(400);
    expect((await post(utf8('nonsense'))).status).toBe(400);
    expect((await post(new Uint8Array(MAX_REQUEST_BYTES + 1))).status).toBe(413);
    expect((await post(formatAddCheckpoint(3, await log.proveConsistency(3), note))).status).toBe(200);
    const seen = await fetch(monitor);
    expect([seen.status, seen.headers.get('content-type')]).toEqual([200, TEXT_TYPE]);
    expect(openNote(new Uint8Array(await seen.arrayBuffer()), [rig.key]).verified).toHaveLength(1);
    expect((await fetch(monitor, { method: 'HEAD' })).headers.get('content-length')).not.toBeNull();
    expect((await fetch(monitor, { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await fetch(`${url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${url}/${'0'.repeat(64)}/checkpoint`)).status).toBe(404);
    expect((await fetch(`${url}/sign-subtree`, { method: 'POST', body: 'x' })).status).toBe(404);
  });

  it('waits for a body so long', async () => {
    const handler = makeWitnessHandler(makeWitness('w').witness, { bodyTimeoutMs: 50 });
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    const request = new Request('http://localhost/add-checkpoint', {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);
    expect((await handler(request)).status).toBe(408);
  });
});

describe('gathering cosignatures', () => {
  it('returns with the quorum, and hands the rest over later', async () => {
    const rigs = ['a', 'b', 'c'].map((name) => makeWitness(name));
    const urls = await Promise.all(rigs.map(async (rig) => (await serve(rig)).url));
    const silent = await serveLies(() => null);
    const witnesses = [
      ...rigs.map(({ key }, i) => ({ key, url: urls[i]! })),
      { key: makeWitness('d').key, url: silent },
    ];
    const policy = makePolicy(witnesses, 2);
    const clients = witnessesOf(policy, 500);
    const log = await openLog({ servesCosignedOnly: true });
    for (const n of [1, 5, 300]) {
      log.append(makeEntries(n, log.size));
      await log.publish();
      const began = performance.now();
      const gathered = await gatherCosignatures(log, clients, policy);
      expect(performance.now() - began).toBeLessThan(450);
      expect(gathered.isWitnessed).toBe(true);
      expect(gathered.outcomes.get(silent)).toEqual({ kind: 'pending' });
      expect(checkPolicy(gathered.note, policy).cosigned.size).toBeGreaterThanOrEqual(2);
      expect(log.serve(gathered.note)).toBe(true);
      const rest = await gathered.rest;
      expect([...checkPolicy(rest.note, policy).cosigned.keys()].sort()).toEqual(['w0', 'w1', 'w2']);
      expect(rest.outcomes.get(silent)).toMatchObject({ kind: 'unreachable' });
      expect(log.serve(rest.note)).toBe(true);
      expect(log.served!.checkpoint.size).toBe(log.size);
    }
  });

  it('asks again once with the size it is told, after a restart of the log', async () => {
    const rig = makeWitness('a');
    const { url } = await serve(rig);
    const log = await openLog();
    const policy = makePolicy([{ key: rig.key, url }]);
    for (const n of [10, 20]) {
      log.append(makeEntries(n, log.size));
      await log.publish();
      // Clients of their own: each begins with size 0.
      const { isWitnessed, outcomes } = await gatherCosignatures(log, witnessesOf(policy), policy);
      expect([isWitnessed, outcomes.get(url)?.kind]).toEqual([true, 'cosigned']);
    }
    // The same checkpoint again.
    expect((await gatherCosignatures(log, witnessesOf(policy), policy)).isWitnessed).toBe(true);
  });

  it('believes nothing that a witness says', async () => {
    const log = await openLog();
    log.append(makeEntries(10));
    const note = await log.publish();
    const rig = makeWitness('a');
    const { body } = await rig.witness.addCheckpoint(formatAddCheckpoint(0, [], note));
    const other = makeWitness('b');
    const foreign = (await other.witness.addCheckpoint(formatAddCheckpoint(0, [], note))).body;
    const [own] = parseNote(utf8(fromUtf8(note) + body)).signatures.slice(-1);
    const flipped = formatSignature({
      ...own!,
      signature: own!.signature.map((byte, i) => (i === 30 ? byte ^ 1 : byte)),
    });
    const timeless = formatSignature({
      ...own!,
      signature: own!.signature.map((byte, i) => (i < 8 ? 0 : byte)),
    });
    const undated = makeCosigner('a', SignatureType.ED25519_COSIGNATURE, makeKey('a'), { nowMs: () => 0 });
    const signedTimeless = parseNote(await signNote(parseNote(note).text, [undated])).signatures[0]!;
    const cases: [string, { status: number; body: string }, string][] = [
      ['right', { status: 200, body }, 'cosigned'],
      ['right, with a stranger', { status: 200, body: foreign + body }, 'cosigned'],
      ['a flipped bit', { status: 200, body: flipped }, 'invalid'],
      ['no time', { status: 200, body: timeless }, 'invalid'],
      ['no time, signed so', { status: 200, body: formatSignature(signedTimeless) }, 'invalid'],
      ['a stranger', { status: 200, body: foreign }, 'invalid'],
      ['the log itself', { status: 200, body: formatSignature(parseNote(note).signatures[0]!) }, 'invalid'],
      ['nothing', { status: 200, body: '' }, 'invalid'],
      ['nonsense', { status: 200, body: 'yes\n' }, 'invalid'],
      ['too long', { status: 200, body: body.repeat(3000) }, 'unreachable'],
      ['a server error', { status: 500, body: '' }, 'refused'],
      ['a redirect', { status: 302, body: '' }, 'unreachable'],
      ['409 without a size', { status: 409, body: 'x' }, 'refused'],
      ['409 without a newline', { status: 409, body: '3' }, 'refused'],
      ['409 for ever', { status: 409, body: '3\n' }, 'refused'],
      ['409 with our own size', { status: 409, body: '0\n' }, 'refused'],
      ['409 beyond', { status: 409, body: '11\n' }, 'ahead'],
    ];
    for (const [name, answer, kind] of cases) {
      let calls = 0;
      const url = await serveLies(() => {
        calls++;
        return answer;
      });
      const policy = makePolicy([{ key: rig.key, url }]);
      const {
        note: gathered,
        isWitnessed,
        outcomes,
      } = await gatherCosignatures(log, witnessesOf(policy), policy);
      expect(outcomes.get(url)!.kind, name).toBe(kind);
      expect(isWitnessed, name).toBe(kind === 'cosigned');
      expect(parseNote(gathered).signatures.length, name).toBe(kind === 'cosigned' ? 2 : 1);
      expect(calls, name).toBe(name === '409 for ever' ? 2 : 1);
    }
  });

  it('tells a witness that lost its state', async () => {
    let rig = makeWitness('a');
    const { key } = rig;
    const listener = await listen((request) => makeWitnessHandler(rig.witness)(request), {
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: MAX_REQUEST_BYTES,
      graceMs: 100,
    });
    open.push(() => listener.close());
    const log = await openLog();
    const client = new WitnessClient({ keys: [key], url: listener.url });
    log.append(makeEntries(10));
    await log.publish();
    expect((await client.cosign(log.signed!, log)).kind).toBe('cosigned');
    rig = makeWitness('a');
    log.append(makeEntries(10));
    await log.publish();
    expect(await client.cosign(log.signed!, log)).toEqual({ kind: 'regressed', size: 0 });
  });

  it('goes by the checkpoint that it began with while the log goes on', async () => {
    const rig = makeWitness('a');
    const log = await openLog();
    const grow = async () => {
      log.append(makeEntries(5, log.size));
      await log.publish();
    };
    const handler = makeWitnessHandler(rig.witness);
    const listener = await listen(
      async (request) => {
        // By the time that the witness answers there is a newer checkpoint.
        await grow();
        return handler(request);
      },
      { host: '127.0.0.1', port: 0, maxBodyBytes: MAX_REQUEST_BYTES, graceMs: 100 },
    );
    open.push(() => listener.close());
    const policy = makePolicy([{ key: rig.key, url: listener.url }]);
    await grow();
    await gatherCosignatures(log, witnessesOf(policy), policy);
    const { size } = log.signed!.checkpoint;
    // A client that has to be told the old size: its second proof is made after the log has grown.
    const { note, isWitnessed } = await gatherCosignatures(log, witnessesOf(policy), policy);
    expect(isWitnessed).toBe(true);
    expect(parseCheckpoint(parseNote(note).text).size).toBe(size);
    // The log serves a newer one already, and does not go back.
    expect(log.serve(note)).toBe(false);
    expect(log.served!.checkpoint.size).toBeGreaterThan(size);
  });
});

it('an address has no secrets and leads to one server', () => {
  const { key } = makeWitness('a');
  for (const url of ['ftp://x', 'x', 'http://u:p@x', 'http://x/?q', 'http://x/#f', 'file:///etc/passwd'])
    expect(() => new WitnessClient({ keys: [key], url }), url).toThrow(
      expect.objectContaining({ code: 'LEDGER_REMOTE' }),
    );
  expect(new WitnessClient({ keys: [key], url: 'https://w.example/prefix/' }).url).toBe(
    'https://w.example/prefix',
  );
});
