import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AnsweredRequest, Connection } from '@phalanx/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSender } from '../http/https-sender.js';
import { TestAuthority } from '../http/test-authority.test.support.js';
import { limitBody } from './body-limits.js';
import { formatAccess, type ListenerPlan, openListeners } from './listeners.js';

const authority = new TestAuthority();
const { key, certificate } = authority.issue('hub', 'server');
const client = authority.issue('lab-a', 'client');
const answered: AnsweredRequest[] = [];
const HERE = { host: '127.0.0.1', port: 0 };
const plan: ListenerPlan = {
  publicUrl: 'https://hub.example',
  tls: { key, certificate, clientCa: authority.certificate },
  main: HERE,
  basic: HERE,
  loopback: HERE,
  operations: null,
  onAnswer: (one) => answered.push(one),
  onError: () => undefined,
};
let seen: { url: string; connection: Connection; host: string | null }[] = [];
const name = (text: string) => async (request: Request, connection: Connection) => {
  seen.push({ url: request.url, connection, host: request.headers.get('host') });
  return new Response(`${text} ${(await request.text()).length}`);
};
const handlers = {
  main: name('main'),
  basic: name('basic'),
  loopback: name('loopback'),
  operations: name('operations'),
};
let opened: Awaited<ReturnType<typeof openListeners>>;
beforeAll(async () => {
  opened = await openListeners(plan, handlers);
});
afterAll(() => opened.close());

describe('listeners of a hub', () => {
  it('hand over the certificate that TLS has verified, and the address that was configured, whatever the caller writes', async () => {
    const [main, basic, loopback] = opened.urls as [string, string, string];
    seen = [];
    const withCertificate = makeSender({ ca: authority.certificate, ...client });
    const without = makeSender({ ca: authority.certificate });
    const headers = { host: 'evil.example', 'x-client-cert': 'lab-b', forwarded: 'for=1;host=evil.example' };
    expect(await (await withCertificate(new Request(`${main}/a?b=c`, { headers }))).text()).toBe('main 0');
    expect(await (await without(new Request(`${basic}/`))).text()).toBe('basic 0');
    expect(await (await without(new Request(`${loopback}/`, { headers }))).text()).toBe('loopback 0');
    expect(seen.map(({ url }) => url)).toEqual([
      'https://hub.example/a?b=c',
      'https://hub.example/',
      'https://hub.example/',
    ]);
    expect(seen.map(({ connection }) => connection.encrypted)).toEqual([true, true, false]);
    expect(Buffer.from(seen[0]!.connection.clientCertificate!).equals(Buffer.from(client.der))).toBe(true);
    expect(seen.slice(1).map(({ connection }) => connection.clientCertificate)).toEqual([null, null]);
    expect(seen.map(({ host }) => host)).toEqual([null, null, null]);
    withCertificate.close();
    without.close();
  });

  it('answer 401 to a certificate of another authority, and to one that its maker signed itself', async () => {
    for (const stranger of [
      new TestAuthority('test authority').issue('lab-a', 'client'),
      new TestAuthority().issue('x', 'client'),
    ]) {
      const send = makeSender({ ca: authority.certificate, ...stranger });
      seen = [];
      expect((await send(new Request(`${opened.urls[0]}/`))).status).toBe(401);
      expect(seen).toEqual([]);
      send.close();
    }
  });

  it('refuse to be opened without TLS off loopback, and as TLS without a certificate; then none is open', async () => {
    for (const wrong of [
      { ...plan, loopback: { host: '0.0.0.0', port: 0 } },
      { ...plan, loopback: { host: '10.0.0.1', port: 0 } },
      { ...plan, tls: null },
    ])
      await expect(openListeners(wrong, handlers)).rejects.toThrow(
        expect.objectContaining({ code: 'COALITION_IDENTITY' }),
      );
  });

  it('refuse TLS below 1.2', async () => {
    const { port } = new URL(opened.urls[0]!);
    const error = await new Promise<Error | null>((resolve) => {
      const socket = connectTls(
        {
          host: '127.0.0.1',
          port: Number(port),
          ca: authority.certificate,
          maxVersion: 'TLSv1.1',
          minVersion: 'TLSv1',
        },
        () => resolve(null),
      );
      socket.once('error', resolve);
    });
    expect(error).not.toBe(null);
  });

  it('log a line an answer without query, header or text of the caller', async () => {
    const send = makeSender();
    answered.length = 0;
    await send(
      new Request(`${opened.urls[2]}/warnings/objects/?match[id]=indicator--secret`, {
        headers: { authorization: 'DPoP secret' },
      }),
    );
    send.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const line = formatAccess(answered[0]!, 0);
    expect(JSON.parse(line)).toMatchObject({
      at: '1970-01-01T00:00:00.000Z',
      method: 'GET',
      path: '/warnings/objects/',
      status: 200,
      in: 0,
    });
    expect(line).not.toContain('secret');
    const odd = formatAccess({ ...answered[0]!, path: `/\u001b[31m${'x'.repeat(500)}` }, 0);
    expect(odd.length).toBeLessThan(400);
    expect(odd).not.toContain('\u001b');
  });
});

describe('who sends too much, too slowly or too often', () => {
  const readAll = (socket: Socket) =>
    new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (part) => {
        text += part.toString('latin1');
      });
      socket.once('close', () => resolve(text));
      socket.once('error', () => resolve(text));
    });

  it('a body that is longer than it says, or than allowed, is not read to its end', async () => {
    const { port } = new URL(opened.urls[2]!);
    const socket = connectPlain(Number(port), '127.0.0.1');
    const answer = readAll(socket);
    socket.write('POST /coalition/v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 64 && socket.writable; sent++) socket.write(chunk);
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
    const long = connectPlain(Number(port), '127.0.0.1');
    const refused = readAll(long);
    long.write('POST /coalition/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n');
    expect(await refused).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('a head that never ends is cut off, and others are served meanwhile', async () => {
    const slow = await openListeners({ ...plan, main: null, basic: null }, handlers, {
      requestMs: 400,
      maxRequests: 4,
    });
    const { port } = new URL(slow.urls[0]!);
    const sockets = Array.from({ length: 20 }, () => connectPlain(Number(port), '127.0.0.1'));
    const ends = sockets.map(readAll);
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('x');
    }, 50);
    const send = makeSender();
    expect((await send(new Request(`${slow.urls[0]}/`))).status).toBe(200);
    const texts = await Promise.all(ends);
    clearInterval(drip);
    for (const text of texts) expect(text).toMatch(/^(HTTP\/1\.1 408 |$)/);
    send.close();
    await slow.close();
  });

  it('a body that never ends holds a place no longer than its time; above the places, 503 says when to come back', async () => {
    const slow = await openListeners({ ...plan, main: null, basic: null }, handlers, {
      requestMs: 600,
      maxRequests: 2,
    });
    const { port } = new URL(slow.urls[0]!);
    const sockets = [1, 2].map(() => connectPlain(Number(port), '127.0.0.1'));
    const ends = sockets.map(readAll);
    for (const socket of sockets) socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx');
    await new Promise((resolve) => setTimeout(resolve, 150));
    const send = makeSender();
    const busy = await send(new Request(`${slow.urls[0]}/`));
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '1']);
    await Promise.all(ends);
    expect((await send(new Request(`${slow.urls[0]}/`))).status).toBe(200);
    send.close();
    await slow.close();
  });

  it('bodies hold so much memory together and no more', async () => {
    const small = await openListeners({ ...plan, main: null, basic: null }, handlers, {
      maxHeldBytes: 100_000,
    });
    const send = makeSender();
    const post = (bytes: number) =>
      send(new Request(`${small.urls[0]}/coalition/v1/me`, { method: 'POST', body: 'x'.repeat(bytes) }));
    expect((await post(90_000)).status).toBe(200);
    expect((await post(200_000)).status).toBe(503);
    expect((await post(90_000)).status).toBe(200);
    send.close();
    await small.close();
  });

  it('limits are by path', () => {
    expect(limitBody('/oauth2/token')).toBe(65_536);
    expect(limitBody('/warnings/collections/x/objects/')).toBe(10 * 1_048_576);
    expect(limitBody('/coalition/v1/matching/submissions')).toBe(16 * 1_048_576);
    expect(limitBody('/coalition/v1/me')).toBe(1_048_576);
  });
});
