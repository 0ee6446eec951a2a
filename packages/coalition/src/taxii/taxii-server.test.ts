import { describe, expect, it } from 'vitest';
import {
  ANNOUNCED,
  ask,
  CLOSED,
  COLLECTION,
  makeCaller,
  makeIndicator,
  makeServer,
  PATH,
  post,
} from './taxii-server.test.support.js';

const labA = makeCaller('lab-a');
const labB = makeCaller('lab-b');

describe('resources', () => {
  it('tells of the server, its roots and its collections', async () => {
    const { server } = makeServer({ contact: 'noc@hub.example' });
    expect((await ask(server, labB, '/taxii2/')).body).toEqual({
      title: 'A hub',
      contact: 'noc@hub.example',
      default: 'https://hub.example/labs/',
      api_roots: ['https://hub.example/labs/'],
    });
    const root = await ask(server, labB, '/labs/');
    expect(root.headers.get('content-type')).toBe('application/taxii+json;version=2.1');
    expect(root.body).toEqual({
      title: 'Labs',
      versions: ['application/taxii+json;version=2.1'],
      max_content_length: 10_485_760,
    });
    const { collections } = (await ask(server, labB, '/labs/collections/')).body;
    expect(collections.map(({ id, can_read, can_write }) => [id, can_read, can_write])).toEqual([
      [ANNOUNCED, false, false],
      [COLLECTION, true, true],
    ]);
    expect((await ask(server, labB, '/labs/collections/all/')).body.id).toBe(COLLECTION);
  });

  it('answers 401, 403, 404 and 405 as the specification has them', async () => {
    const { server } = makeServer();
    const unknown = await ask(server, null, '/labs/nowhere/');
    expect([unknown.status, unknown.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="hub", charset="UTF-8"',
    ]);
    expect(unknown.body).toEqual({ title: 'Unauthorized', description: 'who are you?', http_status: '401' });
    const statuses = async (path: string) => (await ask(server, labB, path)).status;
    expect(await statuses(`/labs/collections/${CLOSED}/objects/`)).toBe(404);
    expect(await statuses(`/labs/collections/${ANNOUNCED}/objects/`)).toBe(403);
    expect(await statuses('/others/')).toBe(404);
    expect(await statuses('/labs/status/2d086da7-4bdc-4f91-900e-d77486753710/')).toBe(404);
    expect(await statuses(`${PATH}/objects/malware--cee60c30-a68c-41e3-b0c1-a01aac20d000/`)).toBe(404);
    expect(await statuses(`${PATH}/objects/%00/`)).toBe(404);
    expect(await statuses(`${PATH}/objects/%ff/`)).toBe(404);
    expect((await ask(server, labA, `/labs/collections/${CLOSED}/objects/`)).status).toBe(403);
    const put = await ask(server, labB, `${PATH}/objects/`, { method: 'PUT', body: '{}' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, POST']);
    const suspended = { ...labB, member: { ...labB.member, suspendedAtMs: 1 } };
    expect((await ask(server, suspended, '/taxii2/')).status).toBe(403);
  });

  it('answers with and without the last slash, and HEAD without a body', async () => {
    const { server } = makeServer();
    expect((await ask(server, labB, '/labs')).body.title).toBe('Labs');
    const head = await ask(server, labB, '/labs/', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, null]);
  });
});

describe('objects', () => {
  it('come back in the order in which they came, by pages, with the dates of the first and last', async () => {
    const { server } = makeServer();
    const sent = Array.from({ length: 5 }, () => makeIndicator('lab-a'));
    const status = await post(server, labA, sent);
    expect([status.status, status.total_count, status.success_count, status.failure_count]).toEqual([
      'complete',
      5,
      5,
      0,
    ]);
    expect((await ask(server, labA, `/labs/status/${status.id}/`)).body).toEqual(status);
    expect((await ask(server, labB, `/labs/status/${status.id}/`)).status).toBe(404);
    const first = await ask(server, labB, `${PATH}/objects/?limit=3`);
    expect(first.body.objects).toEqual(sent.slice(0, 3));
    expect(first.body.more).toBe(true);
    const second = await ask(server, labB, `${PATH}/objects/?limit=2&next=${first.body.next}`);
    expect(second.body).toEqual({ more: false, objects: sent.slice(3) });
    const manifest = (await ask(server, labB, `${PATH}/manifest/`)).body.objects;
    expect(first.headers.get('x-taxii-date-added-first')).toBe(manifest[0]!.date_added);
    expect(first.headers.get('x-taxii-date-added-last')).toBe(manifest[2]!.date_added);
    expect(new Set(manifest.map(({ date_added }) => date_added)).size).toBe(5);
    const after = await ask(server, labB, `${PATH}/objects/?added_after=${manifest[3]!.date_added}`);
    expect(after.body.objects).toEqual(sent.slice(4));
    const none = await ask(server, labB, `${PATH}/objects/?added_after=${manifest[4]!.date_added}`);
    expect([none.status, none.body]).toEqual([200, {}]);
    expect(none.headers.get('x-taxii-date-added-first')).toBeNull();
  });
});
