import { randomUUID } from 'node:crypto';
import type { StixObject } from '@phalanx/coalition';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestCoalition } from './test-coalition.test.support.js';

const COLLECTION = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const TAXII = 'application/taxii+json;version=2.1';

let coalition: TestCoalition;
let maker: string;
beforeAll(async () => {
  coalition = await new TestCoalition().open(['hub']);
  const { taxii, members } = coalition.stores.get('hub')!;
  await taxii.putApiRoot({ path: 'warnings', title: 'warnings', description: null, isDefault: true });
  await taxii.putCollection('warnings', { id: COLLECTION, title: 'c', rights: { 'lab-a': 'read-write' } });
  maker = (await members.findMember('lab-a'))!.identity;
}, 30_000);
afterAll(() => coalition.close());

const makeTool = (): StixObject => {
  const at = '2026-11-01T00:00:00.000Z';
  const common = { spec_version: '2.1', created_by_ref: maker, created: at, modified: at };
  return { type: 'tool', id: `tool--${randomUUID()}`, ...common, name: 'seen' };
};

const post = async (objects: readonly unknown[], path = `/warnings/collections/${COLLECTION}/objects/`) => {
  const answer = await coalition.sender('lab-a')(
    new Request(coalition.url('hub') + path, {
      method: 'POST',
      headers: { 'content-type': TAXII, accept: TAXII },
      body: JSON.stringify({ objects }),
    }),
  );
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};

/** Digests in each statement so far. */
const stated = async (): Promise<number[]> =>
  (await coalition.stores.get('hub')!.statements.list(0, 500)).map(
    ({ text }) => JSON.parse(text).objects.length,
  );

it.each([
  ['as everybody does', `/warnings/collections/${COLLECTION}/objects/`],
  ['without the last slash', `/warnings/collections/${COLLECTION}/objects`],
  ['with a root in percent-encoding', `/w%61rnings/collections/${COLLECTION}/objects/`],
  [
    'with every letter of the collection in percent-encoding',
    `/warnings/collections/${percent(COLLECTION)}/objects/`,
  ],
])('states what it takes, sent %s', async (_, path) => {
  const before = await stated();
  expect((await post([makeTool()], path)).status).toBe(202);
  expect((await stated()).slice(before.length)).toEqual([1]);
});

it.each([
  ['nothing', null],
  ['an object without id', { type: 'tool' }],
  [
    'an object of somebody else',
    { type: 'tool', id: `tool--${randomUUID()}`, created_by_ref: `identity--${randomUUID()}` },
  ],
])('states what it took, and nothing of what it refused: %s', async (_, refused) => {
  const before = await stated();
  const { status, text } = await post([makeTool(), refused]);
  expect([status, JSON.parse(text).success_count, JSON.parse(text).failure_count]).toEqual([202, 1, 1]);
  expect((await stated()).slice(before.length)).toEqual([1]);
  expect((await post([refused])).status).toBe(202);
  expect(await stated()).toHaveLength(before.length + 1);
});

it('asks the sender to send again when it cannot state what it took, and states it then', async () => {
  const { statements } = coalition.stores.get('hub')!;
  const before = await stated();
  const tool = makeTool();
  const add = statements.add.bind(statements);
  statements.add = () => Promise.reject(new Error('no room on the disk'));
  const answer = await post([tool]).finally(() => {
    statements.add = add;
  });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  expect(answer.text).not.toContain('disk');
  expect(coalition.errors.splice(0)).toHaveLength(1);
  expect(await stated()).toHaveLength(before.length);
  expect((await post([tool])).status).toBe(202);
  expect((await stated()).slice(before.length)).toEqual([1]);
});

function percent(text: string): string {
  return [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
}
