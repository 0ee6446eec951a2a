import { createHash } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { type Connection, type Listener, listen } from '@phalanx/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MadeCertificate, TestAuthority } from '../http/test-authority.test.support.js';

const authority = new TestAuthority();
const seen: { connection: Connection; headers: Headers }[] = [];
let hub: Listener;
let other: Listener;
beforeAll(async () => {
  const open = () => {
    const { key, certificate } = authority.issue('hub', 'server');
    return listen(
      async (request, connection) => {
        seen.push({ connection, headers: request.headers });
        return new Response('x');
      },
      { host: '127.0.0.1', port: 0, tls: { key, certificate, clientCa: authority.certificate } },
    );
  };
  [hub, other] = [await open(), await open()];
});
afterAll(async () => {
  await hub.close();
  await other.close();
});

/** One request over a connection of its own: its status line, whether TLS went on with a session, and the session for the next. */
async function ask(
  { port }: Listener,
  version: 'TLSv1.2' | 'TLSv1.3',
  own: MadeCertificate | null,
  session: Buffer | null,
  headers = '',
): Promise<{ status: string; isResumed: boolean; session: Buffer }> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port,
    ca: authority.certificate,
    minVersion: version,
    maxVersion: version,
    ...(own !== null && { cert: own.certificate, key: own.key }),
    ...(session !== null && { session }),
  });
  let last: Buffer | undefined;
  socket.on('session', (given: Buffer) => (last = given));
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('error', reject);
    socket.on('data', (part) => (text += part));
    socket.on('end', () => resolve(text));
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`);
  });
  const isResumed = socket.isSessionReused();
  const result = { status: said.slice(0, 12), isResumed, session: last ?? socket.getSession()! };
  socket.destroy();
  return result;
}

const thumbprint = ({ connection }: (typeof seen)[number]) =>
  connection.clientCertificate === null
    ? null
    : createHash('sha256').update(connection.clientCertificate).digest('base64url');

it.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a resumed session of %s is still that of its certificate, and of no other',
  async (version) => {
    const [labA, labB] = [authority.issue('lab-a', 'client'), authority.issue('lab-b', 'client')];
    seen.length = 0;
    const first = await ask(hub, version, labA, null);
    const resumed = await ask(hub, version, null, first.session);
    const asOther = await ask(hub, version, labB, first.session);
    expect([first.isResumed, resumed.isResumed, asOther.isResumed]).toEqual([false, true, true]);
    // Whoever has the session had the key: TLS keeps the certificate with it.
    expect(seen.map(thumbprint)).toEqual([labA.thumbprint, labA.thumbprint, labA.thumbprint]);

    const nobody = await ask(hub, version, null, null);
    await ask(hub, version, labA, nobody.session);
    expect(seen.slice(3).map(thumbprint)).toEqual([null, null]);

    // Another listener has other secrets, and begins anew.
    const elsewhere = await ask(other, version, null, first.session);
    expect([elsewhere.isResumed, thumbprint(seen.at(-1)!)]).toEqual([false, null]);

    const stranger = new TestAuthority('other').issue('lab-a', 'client');
    const refused = await ask(hub, version, stranger, null);
    const again = await ask(hub, version, null, refused.session);
    expect([refused.status, again.status]).toEqual(['HTTP/1.1 401', 'HTTP/1.1 401']);
  },
);

it('headers that stand twice are joined or counted once, never chosen from by two readers differently', async () => {
  seen.length = 0;
  const twice = ['signature-input', 'signature', 'dpop', 'authorization', 'content-digest', 'content-type']
    .map((name) => `${name}: a=1\r\n${name}: b=2\r\n`)
    .join('');
  expect((await ask(hub, 'TLSv1.3', null, null, twice)).status).toBe('HTTP/1.1 200');
  const { headers } = seen[0]!;
  for (const name of ['signature-input', 'signature', 'dpop', 'content-digest'])
    expect([name, headers.get(name)]).toEqual([name, 'a=1, b=2']);
  for (const name of ['authorization', 'content-type'])
    expect([name, headers.get(name)]).toEqual([name, 'a=1']);
  for (const bad of [
    'content-length: 1\r\ncontent-length: 2\r\n',
    'content-length: 1\r\ntransfer-encoding: chunked\r\n',
  ])
    expect((await ask(hub, 'TLSv1.3', null, null, bad)).status).toBe('HTTP/1.1 400');
  expect(seen).toHaveLength(1);
});
