import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { FolderDisk } from './disk.js';
import { parseEntryBundle } from './entry-bundle.js';
import { LogReader } from './log-reader.js';
import { makeLogHandler } from './log-server.js';
import { makeEntries, openLog, withListener } from './served-log.test.support.js';
import { formatTilePath, tilesOf } from './tile-path.js';

const IMMUTABLE = 'public, max-age=31536000, immutable';

describe('a served log', () => {
  it('shows its checkpoint, tiles and entries, and nothing that is not signed', async () => {
    const log = await openLog();
    await withListener(makeLogHandler(log), async ({ url }) => {
      expect((await fetch(`${url}/checkpoint`)).status).toBe(404);
      log.append(makeEntries(600));
      await log.publish();
      log.append(makeEntries(300, 600));

      const checkpoint = await fetch(`${url}/checkpoint`);
      expect(Buffer.from(await checkpoint.arrayBuffer())).toEqual(Buffer.from(log.signed!.note));
      expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(checkpoint.headers.get('cache-control')).toBe('max-age=1');
      expect(checkpoint.headers.get('x-content-type-options')).toBe('nosniff');

      for (const tile of tilesOf(600)) {
        const answer = await fetch(`${url}/${formatTilePath(tile)}`);
        expect(answer.headers.get('content-type')).toBe('application/octet-stream');
        expect(answer.headers.get('cache-control')).toBe(IMMUTABLE);
        expect(new Uint8Array(await answer.arrayBuffer())).toEqual(log.readTile(tile));
      }
      const entries: string[] = [];
      for (const path of ['000', '001', '002.p/88']) {
        const answer = await fetch(`${url}/tile/entries/${path}`);
        expect(answer.headers.get('cache-control')).toBe(IMMUTABLE);
        for (const entry of parseEntryBundle(new Uint8Array(await answer.arrayBuffer())))
          entries.push(Buffer.from(entry).toString());
      }
      expect(entries).toEqual(makeEntries(600).map((entry) => Buffer.from(entry).toString()));

      // 900 entries are on the disk, 600 are signed.
      for (const path of ['tile/0/002.p/89', 'tile/0/002', 'tile/entries/002.p/89', 'tile/0/003.p/1'])
        expect((await fetch(`${url}/${path}`)).status, path).toBe(404);
      for (const path of ['', 'tile/0/0', 'tile/00/000', 'tile/0/000.p/0', 'tile/63/000', 'tile/x/000', 'x'])
        expect((await fetch(`${url}/${path}`)).status, path).toBe(404);
      const long = await fetch(`${url}/tile/0/${'x000/'.repeat(50)}000`);
      expect([long.status, long.headers.get('cache-control')]).toEqual([404, 'no-store']);
    });
  });

  it('answers HEAD with the length, and refuses to be written to', async () => {
    const log = await openLog();
    log.append(makeEntries(256));
    const note = await log.publish();
    await withListener(makeLogHandler(log), async ({ url }) => {
      const head = await fetch(`${url}/checkpoint`, { method: 'HEAD' });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(note.length)]);
      expect((await head.arrayBuffer()).byteLength).toBe(0);
      expect((await fetch(`${url}/tile/9/000`, { method: 'HEAD' })).status).toBe(404);
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        const refused = await fetch(`${url}/checkpoint`, { method });
        expect([refused.status, refused.headers.get('allow')], method).toEqual([405, 'GET, HEAD']);
      }
    });
  });

  it('compresses bundles for whoever takes it, but not what does not shrink', async () => {
    const log = await openLog();
    log.append(makeEntries(256));
    log.append(Array.from({ length: 256 }, () => crypto.getRandomValues(new Uint8Array(32))));
    await log.publish();
    const handler = makeLogHandler(log);
    const ask = (path: string, accepted: string) =>
      handler(
        new Request(`http://localhost/tile/entries/${path}`, { headers: { 'accept-encoding': accepted } }),
      );
    for (const [accepted, coding] of [
      ['gzip', 'gzip'],
      ['br, gzip;q=0.5', 'gzip'],
      ['identity', null],
      ['gzip;q=0', null],
      ['xgzip', null],
    ] as const) {
      const answer = await ask('000', accepted);
      expect(answer.headers.get('content-encoding'), accepted).toBe(coding);
      expect(answer.headers.get('vary')).toBe('accept-encoding');
    }
    expect((await ask('001', 'gzip')).headers.get('content-encoding')).toBeNull();
  });
});

describe('a log read from its folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-reader-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is seen as far as its checkpoint goes, while it grows', async () => {
    const disk = new FolderDisk(join(folder, 'log'));
    const reader = new LogReader(join(folder, 'log'), 256);
    expect(reader.served).toBeNull();
    const log = await openLog({ disk });
    for (let round = 0; round < 8; round++) {
      log.append(makeEntries(100, log.size));
      expect(reader.served?.checkpoint.size ?? 0).toBe(100 * round);
      expect(
        reader.readTile({ level: 'entries', index: Math.floor((100 * round) / 256), width: 256 }),
      ).toBeNull();
      await log.publish();
      expect(reader.served?.note).toEqual(Buffer.from(log.signed!.note));
      for (const tile of tilesOf(log.size)) expect(reader.readTile(tile)).toEqual(log.readTile(tile));
      const last = Math.floor((log.size - 1) / 256);
      const bundle = { level: 'entries' as const, index: last, width: log.size - 256 * last };
      expect(reader.readTile(bundle)).toEqual(log.readTile(bundle));
    }
    reader.close();
    log.close();
  });
});

describe('a listener', () => {
  const hello = async (request: Request) =>
    new Response(`${request.method} ${(await request.text()).length}`);

  it('takes bodies and headers up to its limits', async () => {
    await withListener(
      hello,
      async ({ url }) => {
        const post = async (body: string | ReadableStream) => {
          const answer = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
          return `${answer.status} ${await answer.text()}`;
        };
        expect(await post('x'.repeat(1000))).toBe('200 POST 1000');
        expect(await post('x'.repeat(1001))).toBe('413 ');
        const stream = new ReadableStream({
          async pull(controller) {
            await sleep(1);
            controller.enqueue(Buffer.alloc(600));
          },
        });
        // Without a length the answer may come while the body is still on its way.
        expect(await post(stream).catch(() => '413 ')).toBe('413 ');
        expect((await fetch(url, { headers: { x: 'y'.repeat(9000) } })).status).toBe(431);
        expect((await fetch(`${url}/${'y'.repeat(9000)}`)).status).toBe(431);
      },
      { maxBodyBytes: 1000 },
    );
  });

  it('works on so many requests at a time', async () => {
    let let_go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      let_go = resolve;
    });
    const slow = async () => {
      await gate;
      return new Response('late');
    };
    await withListener(
      slow,
      async ({ url }) => {
        const first = [fetch(url), fetch(url)];
        await sleep(100);
        const third = await fetch(url);
        expect([third.status, third.headers.get('retry-after')]).toEqual([503, '1']);
        let_go();
        expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
        expect((await fetch(url)).status).toBe(200);
      },
      { maxRequests: 2 },
    );
  });

  it('gives up on a request that does not come, and on an answer that is not taken', async () => {
    await withListener(
      async () => new Response(new Uint8Array(50_000_000)),
      async ({ port }) => {
        const began = performance.now();
        const half = connect(port, '127.0.0.1', () => half.write('POST / HTTP/1.1\r\nhost: x\r\n'));
        let said = '';
        half.on('data', (data) => (said += data));
        await new Promise((resolve) => half.once('close', resolve));
        expect(said).toMatch(/^HTTP\/1.1 408 /);
        const deaf = connect(port, '127.0.0.1', () => deaf.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
        deaf.pause();
        deaf.on('error', () => {});
        await new Promise<void>((resolve) => {
          const look = setInterval(() => {
            // A socket that is not read learns of its end when it writes.
            deaf.write('\r\n');
            if (!deaf.destroyed) return;
            clearInterval(look);
            resolve();
          }, 50);
        });
        expect(performance.now() - began).toBeLessThan(20_000);
      },
      { requestMs: 300, answerMs: 300 },
    );
  });

  it('says nothing of what went wrong inside, but to its owner', async () => {
    const told: unknown[] = [];
    await withListener(
      async () => {
        throw new Error('secret');
      },
      async ({ url }) => {
        const answer = await fetch(url);
        expect([answer.status, await answer.text()]).toEqual([500, '']);
      },
      { onError: (error) => told.push((error as Error).message) },
    );
    expect(told).toEqual(['secret']);
  });

  it('lets running requests end when it closes, and cuts off the rest', async () => {
    const slow = async (request: Request) => {
      await sleep(request.url.endsWith('/long') ? 60_000 : 150, undefined, { ref: false });
      return new Response('done');
    };
    let short: Promise<Response> | null = null;
    let long: Promise<unknown> | null = null;
    const began = performance.now();
    await withListener(
      slow,
      async ({ url }) => {
        short = fetch(url);
        long = fetch(`${url}/long`).catch(() => 'cut off');
        await sleep(50);
      },
      { graceMs: 500 },
    );
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await (await short!).text()).toBe('done');
    expect(await long!).toBe('cut off');
  });
});
