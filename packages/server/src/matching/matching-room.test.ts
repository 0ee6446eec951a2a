import { join } from 'node:path';
import { EpochKeys } from '@phalanx/store/control';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestCoalition } from '../hub/test-coalition.test.support.js';

let coalition: TestCoalition;
beforeAll(async () => {
  coalition = await new TestCoalition().open(['hub']);
}, 30_000);
afterAll(() => coalition.close());

/** Bytes of what the hub keeps on disk, by batch. */
async function listKept(): Promise<number[]> {
  const keys = await EpochKeys.open(join(coalition.folder, 'epoch-keys'));
  const kept: number[] = [];
  for await (const { text } of coalition.stores.get('hub')!.matchingBatches(keys).read(coalition.epoch()))
    kept.push(text.length);
  return kept;
}

it('keeps of a message what it says, once, however it is written; and nothing of one that says nothing', async () => {
  const give = async (path: string, text: string) => {
    const sent = { 'content-type': 'application/json' };
    const request = { method: 'POST', headers: sent, body: text };
    return (
      await coalition.sender('lab-a')(
        new Request(`${coalition.url('hub')}/coalition/v1/matching/${path}`, request),
      )
    ).status;
  };
  const epoch = coalition.epoch();
  const tokens = JSON.stringify({
    type: 'phalanx-token-sightings-v1',
    epoch,
    tokens: Buffer.alloc(16, 7).toString('base64'),
  });
  expect(await give('sightings', tokens)).toBe(204);
  const padding = ' '.repeat(100_000);
  for (let i = 1; i < 4; i++)
    expect(await give('sightings', `{${padding.repeat(i)}${tokens.slice(1)}`)).toBe(204);
  expect(await listKept()).toEqual([tokens.length]);

  const nothing = JSON.stringify({
    type: 'phalanx-reveal-batch-v1',
    epoch,
    threshold: 3,
    short: '',
    long: '',
  });
  expect(await give('submissions', nothing)).toBe(204);
  expect(await give('submissions', `${nothing}${padding}`)).toBe(204);
  expect(await listKept()).toEqual([tokens.length]);
}, 30_000);
