import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { makeHttpTransport } from './http-transport.js';
import { isPublicAddress } from './public-address.js';
import { TaxiiClient } from './taxii-client.js';
import type { TaxiiConnection } from './taxii-exchange.js';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/collections/c/`);
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function connect(url: URL, more: Partial<TaxiiConnection> = {}): TaxiiClient {
  return new TaxiiClient(url, {
    transport: makeHttpTransport({ inside: true }),
    authorize: async (request) => {
      const headers = new Headers(request.headers);
      headers.set('authorization', 'Basic c2VjcmV0');
      return new Request(request, { headers });
    },
    wait: async () => undefined,
    ...more,
  });
}

const COLLECTION = JSON.stringify({ id: '91a7b528-80eb-42ed-a74d-c6fbd5a26116', title: 'c' });

describe('a client over HTTP', () => {
  it('follows redirects within the origin, and carries credentials to no other', async () => {
    const carried: (string | undefined)[] = [];
    const other = await serve((request, answer) => {
      carried.push(request.headers.authorization);
      answer.end(COLLECTION);
    });
    let to = '';
    const url = await serve((request, answer) => {
      if (request.url!.endsWith('/moved/')) return answer.end(COLLECTION);
      answer.writeHead(301, { location: to }).end();
    });
    to = '/moved/';
    expect(await connect(url).findCollection(url)).toMatchObject({ title: 'c' });
    for (to of [other.href, `//${other.host}/`, 'ftp://127.0.0.1/', 'javascript:1', '']) {
      await expect(connect(url).findCollection(url)).rejects.toThrow(/a redirect \(301\)/);
    }
    expect(carried).toEqual([]);
    await expect(connect(url).findCollection(other)).rejects.toThrow(/make a client for it|is not/);
  });

  it('ends at redirects in a circle, at slow drips, and when it is told to', async () => {
    const circle = await serve((request, answer) => answer.writeHead(302, { location: request.url! }).end());
    await expect(connect(circle).findCollection(circle)).rejects.toThrow(/a redirect/);
    const slow = await serve((_, answer) => {
      const timer = setInterval(() => answer.write(' '), 10);
      answer.on('close', () => clearInterval(timer));
    });
    await expect(connect(slow, { requestMs: 60 }).findCollection(slow)).rejects.toThrow(
      /no answer within 0.06 s/,
    );
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(connect(slow, { signal: stop.signal }).findCollection(slow)).rejects.toThrow('enough');
    const silent = await serve(() => undefined);
    await expect(connect(silent, { requestMs: 60 }).findCollection(silent)).rejects.toMatchObject({
      retryable: true,
    });
  });

  it('reads no more of an answer than it may, and refuses hostile JSON', async () => {
    let sent = 0;
    const giant = await serve((_, answer) => {
      const part = Buffer.alloc(1 << 20, 0x20);
      const pour = () => {
        while (!answer.destroyed && answer.write(part)) sent += part.length;
      };
      answer.on('drain', pour);
      pour();
    });
    await expect(connect(giant).findCollection(giant)).rejects.toMatchObject({ code: 'COALITION_LIMIT' });
    expect(sent).toBeLessThan(40 << 20);
    for (const body of ['['.repeat(100_000), '{"id":1,"id":2}', '{"a":1e999}', '\u0000', '{"id":']) {
      const hostile = await serve((_, answer) => answer.end(body));
      await expect(connect(hostile).findCollection(hostile)).rejects.toMatchObject({
        code: expect.stringMatching(/^COALITION_(TAXII|LIMIT)$/),
      });
    }
  });

  it('asks again for passing faults, as late as the server wishes, and not for others', async () => {
    const waits: number[] = [];
    const answers = [
      [503, { 'retry-after': '7' }],
      [429, {}],
      [200, {}],
    ] as const;
    let at = 0;
    const url = await serve((_, answer) => {
      const [status, headers] = answers[at++] ?? [200, {}];
      answer.writeHead(status, headers).end(status === 200 ? COLLECTION : 'no');
    });
    const client = connect(url, { wait: async (ms) => void waits.push(ms) });
    expect(await client.findCollection(url)).toMatchObject({ title: 'c' });
    expect(waits).toEqual([7000, 1000]);
    for (const status of [401, 403, 410]) {
      let asked = 0;
      const closed = await serve((_, answer) => {
        asked++;
        answer.writeHead(status).end('{"title":"no\\u001b[2J"}');
      });
      const error = await connect(closed)
        .findCollection(closed)
        .catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'COALITION_TAXII', retryable: false });
      expect(error.message).toContain('no\\u{1b}[2J');
      // A 401 may name what is wanted: once more, with it.
      expect(asked).toBe(status === 401 ? 2 : 1);
    }
    const later = await serve((_, answer) => answer.writeHead(503, { 'retry-after': '999999' }).end());
    await expect(connect(later).findCollection(later)).rejects.toMatchObject({ retryable: true });
  });

  it('asks public addresses by TLS alone, unless they are inside', async () => {
    const url = await serve((_, answer) => answer.end(COLLECTION));
    const outside = makeHttpTransport({});
    await expect(outside(new Request(url.href))).rejects.toThrow(/not asked by TLS/);
    for (const host of [
      '127.0.0.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0x7f.1',
      '2130706433',
      'localhost',
      '169.254.169.254',
    ]) {
      await expect(outside(new Request(`https://${host}:${url.port}/`)), host).rejects.toMatchObject({
        code: 'COALITION_TAXII',
      });
    }
  });
});

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '192.0.1.1', '100.63.255.255', '100.128.0.0', '223.255.255.255'])(
    '%s',
    (address) => {
      expect(isPublicAddress(address, 4)).toBe(true);
    },
  );
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.9.9.9',
    '169.254.0.1',
    '172.31.0.1',
    '192.168.0.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ])('not %s', (address) => expect(isPublicAddress(address, 4)).toBe(false));
  it.each(['2606:4700::1111', '2a00:1450::1'])('%s', (address) =>
    expect(isPublicAddress(address, 6)).toBe(true),
  );
  it.each([
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2001::1',
  ])('not %s', (address) => expect(isPublicAddress(address, 6)).toBe(false));
});
