import { describe, expect, it } from 'vitest';
import { ask, makeCaller, makeIndicator, makeServer, PATH, post } from './taxii-server.test.support.js';

const labA = makeCaller('lab-a');
const labB = makeCaller('lab-b');

describe('a body', () => {
  const send = async (body: string, headers = {}) => {
    const { server } = makeServer();
    return ask(server, labA, `${PATH}/objects/`, { body, headers });
  };

  it('is TAXII 2.1 with a list of objects, or is told what it is not', async () => {
    expect((await send('{"objects":[]}')).body).toMatchObject({ status: 'complete', total_count: 0 });
    const bundle = '{"type":"bundle","id":"bundle--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b01","objects":[]}';
    expect((await send(bundle)).status).toBe(202);
    for (const body of [
      '',
      '{',
      '[]',
      '{}',
      '{"objects":{}}',
      '{"objects":[],"objects":[]}',
      '\ud800',
      '{"objects":[1e999]}',
    ]) {
      const { status, body: error } = await send(body);
      expect([status, error.title, error.description.slice(0, 51)], body).toEqual([
        422,
        'ProcessingError',
        'While processing supplied content, an error occurred'.slice(0, 51),
      ]);
    }
    for (const type of [
      'application/json',
      'application/stix+json;version=2.1',
      'application/taxii+json;version=2.0',
      '*/*',
      'nonsense',
    ]) {
      expect((await send('{"objects":[]}', { 'content-type': type })).status, type).toBe(415);
    }
    for (const type of [
      'application/taxii+json',
      'application/taxii+json; version="2.1"',
      'Application/TAXII+JSON;version=2.1; charset=utf-8',
    ]) {
      expect((await send('{"objects":[]}', { 'content-type': type })).status, type).toBe(202);
    }
  });

  it('that comes slowly keeps nobody else waiting', async () => {
    const { server } = makeServer();
    let end = (): void => undefined;
    const slow = new ReadableStream<Uint8Array>({
      start: (controller) => {
        end = () => controller.close();
        controller.enqueue(new TextEncoder().encode('{"objects":[]}'));
      },
    });
    const headers = { 'content-type': 'application/taxii+json' };
    const init = { method: 'POST', headers, body: slow, duplex: 'half' } as const;
    const waiting = server.handle(new Request(`http://localhost${PATH}/objects/`, init), labA);
    expect((await post(server, labB, [makeIndicator('lab-b')])).success_count).toBe(1);
    end();
    expect((await waiting).status).toBe(202);
  });

  it('has ten mebibytes and 5,000 objects at most', async () => {
    expect((await send(`{"objects":[${Array(5001).fill('1').join(',')}]}`)).status).toBe(413);
    const { server } = makeServer();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
    });
    const request = new Request(`http://localhost${PATH}/objects/`, {
      method: 'POST',
      headers: { 'content-type': 'application/taxii+json' },
      body: endless,
      duplex: 'half',
    });
    expect((await server.handle(request, labA)).status).toBe(413);
  });
});
