import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openHttpSource } from './http-source.js';

const CONTENT = Uint8Array.from({ length: 10_000 }, (_, i) => i % 251);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on this machine. @returns its origin */
async function serve(handle: Handler): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers ranges of `CONTENT` as RFC 9110 has it. */
function answerRange(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string> = {},
): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')!.map(Number) as [
    number,
    number,
    number,
  ];
  response.writeHead(206, {
    etag: '"v1"',
    'content-range': `bytes ${from}-${to}/${CONTENT.length}`,
    'content-length': String(to - from + 1),
    ...headers,
  });
  response.end(CONTENT.subarray(from, to + 1));
}

const fails = (reading: Promise<unknown>, what: string, retryable = false) =>
  expect(reading).rejects.toMatchObject({
    code: 'WEIGHTS_SOURCE',
    retryable,
    message: expect.stringContaining(what),
  });

describe('a file behind HTTP', () => {
  it('is read in ranges, and says how much was read', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const origin = await serve((request, response) => {
      seen.push(request.headers);
      answerRange(request, response);
    });
    const source = await openHttpSource(`${origin}/model?token=secret`, {
      headers: { authorization: 'Bearer s' },
    });
    expect(source.name).toBe(`${origin}/model`);
    expect(source.sizeBytes).toBe(10_000);
    expect(await source.read(9_000, 1_000)).toEqual(CONTENT.slice(9_000));
    expect(await source.read(5, 0)).toHaveLength(0);
    expect(source.bytesRead).toBe(1_000);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toMatchObject({
      range: 'bytes=9000-9999',
      'if-range': '"v1"',
      authorization: 'Bearer s',
      'accept-encoding': 'identity',
    });
    await expect(source.read(9_999, 2)).rejects.toMatchObject({ code: 'WEIGHTS_ARGUMENT' });
    await expect(source.read(-1, 2)).rejects.toMatchObject({ code: 'WEIGHTS_ARGUMENT' });
  });

  it('is refused when it is not there, answers no ranges or does not say its length', async () => {
    const whole = await serve((_, response) => response.end(CONTENT));
    await fails(openHttpSource(whole), 'answers no ranges');
    const starred = await serve((request, response) =>
      answerRange(request, response, { 'content-range': 'bytes 0-0/*' }),
    );
    await fails(openHttpSource(starred), 'how long it is');
    const missing = await serve((_, response) => response.writeHead(404).end());
    await fails(openHttpSource(missing), 'answered 404');
    const busy = await serve((_, response) => response.writeHead(503).end());
    await fails(openHttpSource(busy), 'answered 503', true);
    await fails(openHttpSource('http://127.0.0.1:1/x'), 'cannot be reached', true);
    await expect(openHttpSource('file:///etc/hostname')).rejects.toMatchObject({ code: 'WEIGHTS_ARGUMENT' });
  });

  it('is not mixed with what it becomes', async () => {
    let requests = 0;
    const changing = await serve((request, response) => {
      // RFC 9110, 13.1.5: the whole of the new one.
      if (++requests === 1) answerRange(request, response);
      else response.writeHead(200, { etag: '"v2"' }).end(CONTENT);
    });
    await fails((await openHttpSource(changing)).read(0, 10), 'changed');
    const careless = await serve((request, response) =>
      answerRange(request, response, { etag: `"v${++requests}"` }),
    );
    await fails((await openHttpSource(careless)).read(0, 10), 'changed');
    let size = 10_000;
    const growing = await serve((request, response) => {
      const [from, to] = request.headers.range!.slice(6).split('-');
      answerRange(request, response, { 'content-range': `bytes ${from}-${to}/${size++}` });
    });
    await fails((await openHttpSource(growing)).read(0, 10), 'another range');
  });

  it('is refused when the server sends another range, too much, too little, or nothing in time', async () => {
    const misbehave = async (second: Handler) => {
      let requests = 0;
      const origin = await serve((request, response) =>
        ++requests === 1 ? answerRange(request, response) : second(request, response),
      );
      return (await openHttpSource(origin, { timeoutMs: 500 })).read(100, 50);
    };
    const body = (length: number, declared?: number) => (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(206, {
        etag: '"v1"',
        'content-range': 'bytes 100-149/10000',
        ...(declared !== undefined && { 'content-length': declared }),
      });
      response.end(CONTENT.subarray(0, length));
    };
    await fails(
      misbehave((request, response) =>
        answerRange(request, response, { 'content-range': 'bytes 0-49/10000' }),
      ),
      'another range',
    );
    await fails(misbehave(body(51)), 'more than was asked for');
    await fails(misbehave(body(5_000)), 'more than was asked for');
    await fails(misbehave(body(49)), 'less than was asked for');
    await fails(misbehave(body(0)), 'less than was asked for');
    await fails(
      misbehave((request, response) => {
        body(10, 50)(request, response);
        setTimeout(() => response.destroy(), 20);
      }),
      'broke off',
      true,
    );
    await fails(
      misbehave(() => {}),
      'cannot be reached',
      true,
    );
    await fails(
      misbehave((_, response) => {
        response.writeHead(206, {
          etag: '"v1"',
          'content-range': 'bytes 100-149/10000',
          'content-length': 50,
        });
        response.write('1');
      }),
      'broke off',
      true,
    );
  });

  it('follows redirects at its origin, and elsewhere only over https and without its headers', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const origin = await serve((request, response) => {
      seen.push(request.headers);
      if (request.url === '/data') answerRange(request, response);
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else if (request.url === '/nowhere') response.writeHead(302, { location: 'http://' }).end();
      else response.writeHead(307, { location: '/data' }).end();
    });
    const headers = { authorization: 'Bearer s' };
    const source = await openHttpSource(`${origin}/model`, { headers });
    expect(await source.read(1, 2)).toEqual(CONTENT.slice(1, 3));
    expect(seen.every(({ authorization }) => authorization === 'Bearer s')).toBe(true);
    await fails(openHttpSource(`${origin}/loop`), 'redirects without end');
    await fails(openHttpSource(`${origin}/nowhere`), 'redirects without end');

    let reached = 0;
    const inner = await serve((_, response) => {
      reached++;
      response.end();
    });
    const away = await serve((_, response) =>
      response.writeHead(302, { location: `${inner}/metadata` }).end(),
    );
    await fails(openHttpSource(away, { headers }), 'without https');
    expect(reached).toBe(0);
    // Nobody speaks TLS there: that it is tried at all shows that https may lead elsewhere.
    const secure = await serve((_, response) =>
      response.writeHead(302, { location: inner.replace('http:', 'https:') }).end(),
    );
    await fails(openHttpSource(secure, { headers }), 'cannot be reached', true);
  });
});
