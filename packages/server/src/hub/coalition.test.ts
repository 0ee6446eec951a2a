import { randomBytes } from 'node:crypto';
import {
  canonicalValue,
  declareSet,
  epochOf,
  matchingInput,
  type SealedSighting,
  sealSighting,
  tokenOfOutput,
} from '@phalanx/coalition/matching';
import { toBase64 } from '@phalanx/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MatchingClient } from '../matching/matching-client.js';
import { LABS, TestCoalition } from './test-coalition.test.support.js';

let coalition: TestCoalition;
beforeAll(async () => {
  coalition = await new TestCoalition().open();
});
afterAll(() => coalition.close());

const DAY = 20_779;
const SHARED = canonicalValue('ip', '198.51.100.3');
const epoch = () => epochOf(coalition.clock.nowMs());
const inputOf = (value: Uint8Array) => matchingInput('ip', epoch(), value);

/** What one lab has seen: an address of its own, and one that all have. */
const seenBy = (i: number) => [canonicalValue('ip', `203.0.113.${i + 1}`), SHARED];

async function sealedBy(client: MatchingClient, i: number): Promise<SealedSighting[]> {
  const { place, threshold } = await client.terms();
  const outputs = await client.evaluate(seenBy(i).map(inputOf));
  return outputs.map((output, n) =>
    sealSighting(output, { epoch: epoch(), threshold }, place, {
      valueClass: 'ip',
      value: seenBy(i)[n]!,
      day: DAY + i,
      decade: 2,
      detail: new Uint8Array(),
    }),
  );
}

it('three labs, three key servers and a hub: a key, level 1 and level 2 over TLS', async () => {
  await coalition.makeKey();
  const clients = LABS.map((lab) => coalition.client(lab));
  expect((await clients[0]!.key()).holders).toEqual([1, 2, 3]);

  // Nothing without a declaration.
  await expect(clients[0]!.evaluate([inputOf(SHARED)])).rejects.toThrow('evaluations, 0 left');
  for (const [i, client] of clients.entries()) {
    const set = declareSet(new Uint8Array(randomBytes(32)), epoch(), seenBy(i).map(inputOf));
    expect(await client.declare(set)).toBe(19);
  }

  // Two labs see nothing of one another, three do.
  const [token, own] = (await clients[0]!.evaluate(seenBy(0).toReversed().map(inputOf))).map(tokenOfOutput);
  const sealed = await Promise.all(clients.map(sealedBy));
  await clients[0]!.tellTokens([token!, own!]);
  await clients[1]!.tellTokens([token!]);
  await clients[0]!.submit(sealed[0]!);
  await clients[1]!.submit(sealed[1]!);
  expect(await clients[2]!.lookUp(token!)).toBe(false);
  expect((await clients[0]!.revealed()).shared).toEqual([]);
  await clients[2]!.tellTokens([token!]);
  await clients[2]!.submit(sealed[2]!);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(await clients[2]!.lookUp(token!)).toBe(true);
  expect(await clients[2]!.lookUp(own!)).toBe(false);
  for (const client of clients)
    expect(await client.revealed()).toEqual({
      epoch: epoch(),
      shared: [
        {
          valueClass: 'ip',
          value: toBase64(SHARED),
          labs: 3,
          firstDay: DAY,
          lastDay: DAY + 2,
          details: [],
          isDisputed: false,
        },
      ],
      unopened: 0,
      false: 0,
    });
  expect(coalition.errors).toEqual([]);
}, 60_000);

it('all of it is there after everybody was killed, and quotas are not given twice', async () => {
  const [client] = LABS.map((lab) => coalition.client(lab));
  const before = await client!.revealed();
  const left = (party: string) => coalition.servers.get(party)!.remaining('lab-a');
  const quota = await left('key-1');
  await coalition.startHub();
  for (const party of ['key-1', 'key-2', 'key-3']) await coalition.startKeyServer(party);
  await coalition.makeKey();
  const again = coalition.client('lab-a');
  expect(await again.revealed()).toEqual(before);
  expect(await left('key-1')).toBe(quota);
  const [token] = (await again.evaluate([inputOf(SHARED)])).map(tokenOfOutput);
  expect(await again.lookUp(token!)).toBe(true);
  await expect(again.evaluate(Array.from({ length: quota }, () => inputOf(SHARED)))).rejects.toThrow(
    expect.objectContaining({ code: 'COALITION_LIMIT' }),
  );
}, 60_000);

it('names a key server that lies, and goes on with the others', async () => {
  await coalition.startKeyServer('key-1', async (request, answer) => {
    if (!request.url.endsWith('/evaluations')) return answer;
    const body = (await answer.json()) as { points: string };
    // Points that belong to other inputs: the same ones in another order.
    const points = Buffer.from(body.points, 'base64');
    const turned = Buffer.concat([points.subarray(32), points.subarray(0, 32)]).toString('base64');
    return Response.json({ ...body, points: turned });
  });
  await coalition.makeKey();
  const honest = coalition.client('lab-b');
  const outputs = await honest.evaluate([inputOf(SHARED), inputOf(seenBy(1)[0]!)]);
  expect(honest.avoided).toEqual([1]);
  expect(await honest.lookUp(tokenOfOutput(outputs[0]!))).toBe(true);
  // Of two that lie, both are named, and nothing comes out.
  await coalition.startKeyServer('key-2', async (request, answer) =>
    request.url.endsWith('/evaluations')
      ? new Response('{}', { headers: { 'content-type': 'application/json' } })
      : answer,
  );
  await coalition.makeKey();
  await expect(coalition.client('lab-b').evaluate([inputOf(SHARED), inputOf(seenBy(1)[0]!)])).rejects.toThrow(
    'no valid answer of key servers 1, 2',
  );
  for (const party of ['key-1', 'key-2']) await coalition.startKeyServer(party);
  await coalition.makeKey();
}, 60_000);

it('counts a lab that submits twice once, knows one that takes the place of another, and forgets one that is suspended', async () => {
  const client = coalition.client('lab-c');
  const { place, threshold } = await client.terms();
  expect(place).toBe((await coalition.client('lab-c').terms()).place);
  const output = (await client.evaluate([inputOf(SHARED)]))[0]!;
  const sighting = {
    valueClass: 'ip' as const,
    value: SHARED,
    day: DAY,
    decade: 1,
    detail: new Uint8Array(),
  };
  const stolen = sealSighting(output, { epoch: epoch(), threshold }, (place % 3) + 1, sighting);
  await client.submit([stolen]);
  await client.submit([stolen]);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const own = await client.revealed();
  expect(own.false).toBe(1);
  expect(own.shared).toMatchObject([{ labs: 3 }]);
  expect([...(await coalition.hub.room.nameFalse())]).toEqual([['lab-c', 1]]);

  await coalition.suspend('hub', 'lab-c');
  await expect(client.revealed()).rejects.toThrow(expect.objectContaining({ code: 'COALITION_IDENTITY' }));
  expect((await coalition.client('lab-a').revealed()).shared).toEqual([]);
  await coalition.suspend('hub', 'lab-c', false);
  expect((await coalition.client('lab-a').revealed()).shared).toMatchObject([{ labs: 3 }]);
}, 60_000);

it('forgets everything when the epoch is over', async () => {
  const before = epoch();
  coalition.clock.offsetMs += 7 * 86_400_000;
  await coalition.hub.tick();
  expect(await coalition.stores.get('hub')!.quotas.list(before)).toEqual([]);
  for (const server of coalition.servers.values()) {
    await server.tick().catch(() => false);
    expect(server.find(before)).toBe(null);
  }
  await coalition.makeKey();
  const client = coalition.client('lab-a');
  expect((await client.revealed()).shared).toEqual([]);
  expect((await client.key()).group.epoch).toBe(before + 1);
}, 60_000);
