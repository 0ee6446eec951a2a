import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declareSet, EpochQuota } from '@phalanx/coalition/matching';
import { utf8 } from '@phalanx/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTROL_ENGINES } from './control-engines.test.support.js';
import type { ControlStore } from './control-store.js';
import { EpochKeys } from './epoch-keys.js';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phalanx-epochs-'));
  return () => rm(folder, { recursive: true });
});

describe('keys of epochs', () => {
  it('stay through a restart, and are gone when their epoch is over', async () => {
    const keys = await EpochKeys.open(join(folder, 'k'));
    const made = Uint8Array.from(await keys.make(7));
    await keys.make(8);
    expect((await stat(join(folder, 'k'))).mode & 0o077).toBe(0);
    const again = await EpochKeys.open(join(folder, 'k'));
    expect(again.find(7)).toEqual(made);
    const held = again.find(7)!;
    expect(await again.destroyBefore(8)).toEqual([7]);
    expect(held.every((byte) => byte === 0)).toBe(true);
    expect(again.find(7)).toBe(null);
    expect(await readdir(join(folder, 'k'))).toEqual(['8.key']);
  });

  it('finishes a destruction that a loss of power cut short, and refuses what is no key', async () => {
    await writeFile(join(folder, '7.key'), new Uint8Array(32));
    expect((await EpochKeys.open(folder)).find(7)).toBe(null);
    expect(await readdir(folder)).toEqual([]);
    await writeFile(join(folder, '8.key'), new Uint8Array(31));
    await expect(EpochKeys.open(folder)).rejects.toThrow(
      expect.objectContaining({ code: 'STORE_KEY_CORRUPT' }),
    );
  });
});

describe.each(CONTROL_ENGINES)('matching on $name', (engine) => {
  let store: ControlStore;
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(async () => {
    store = await engine.openEmpty();
    return () => store.close();
  });

  it('gives quotas back as they were, and never less used', async () => {
    const pending: Promise<void>[] = [];
    const quota = new EpochQuota(9, ({ lab, kind }, state) => {
      if (state !== null) pending.push(store.quotas.put(9, lab, state, kind === 'declared'));
    });
    const set = declareSet(randomBytes(32), 9, [utf8('a'), utf8('b')]);
    quota.declare('lab-a', set);
    await Promise.all(pending);
    const before = (await store.quotas.list(9))[0]![1];
    quota.charge('lab-a', 5);
    quota.startRun('lab-a', 'lab-b');
    await Promise.all(pending);
    await store.quotas.put(9, 'lab-a', { ...before, runs: { 'lab-b': 1 } }, false);
    const known = await store.quotas.list(9);
    expect(known).toMatchObject([['lab-a', { first: 16, used: 5, changes: 0, runs: { 'lab-b': 1 } }]]);
    expect(known[0]![1].declaration).toEqual({ ...set, tags: set.tags.map((tag) => new Uint8Array(tag)) });
    const reopened = new EpochQuota(9, () => undefined, known);
    expect(reopened.remaining('lab-a')).toBe(19 - 5);
    await store.quotas.removeBefore(10);
    expect(await store.quotas.list(9)).toEqual([]);
  });

  it('keeps a batch once, sealed, and cannot read it when its epoch is over', async () => {
    const keys = await EpochKeys.open(folder);
    const batches = store.matchingBatches(keys);
    const batch = { lab: 'lab-a', kind: 'tokens' as const, text: utf8('what lab a gave') };
    expect(await batches.add(9, batch)).toBe(true);
    expect(await batches.add(9, batch)).toBe(false);
    expect(await batches.add(9, { ...batch, lab: 'lab-b' })).toBe(true);
    const read = await collect(batches.read(9));
    expect(read).toEqual([batch, { ...batch, lab: 'lab-b' }]);

    // What a copy of the database holds, without the key.
    const stolen = store.matchingBatches(await EpochKeys.open(await mkdtemp(join(folder, 'x'))));
    expect(await collect(stolen.read(9))).toEqual([]);
    const pool = await engine.openPool();
    const client = await pool.connect();
    const { rows } = await client.query('SELECT box FROM matching_batches', []);
    client.release();
    await pool.end();
    for (const { box } of rows as { box: Uint8Array }[])
      expect(Buffer.from(box).includes('what lab a gave')).toBe(false);

    expect(await batches.destroyBefore(10)).toEqual([9]);
    expect(await collect(batches.read(9))).toEqual([]);
  });

  it('gives each lab a place of its own for ever, asked at once or not', async () => {
    const batches = store.matchingBatches(await EpochKeys.open(folder));
    const labs = ['a', 'b', 'c', 'a', 'b'];
    const places = await Promise.all(labs.map((lab) => batches.placeOf(lab)));
    expect(places[0]).toBe(places[3]);
    expect(places[1]).toBe(places[4]);
    expect(new Set(places)).toEqual(new Set([1, 2, 3]));
    expect((await batches.listPlaces()).get(places[2]!)).toBe('c');
  });

  it('keeps what key servers said first, of the current attempt only', async () => {
    const state = { epoch: 9, attempt: 1, step: 'promise', closesMs: 5, restarts: [] };
    await store.keyEnvelopes.putCeremony(state);
    await store.keyEnvelopes.add(9, 1, [{ step: 'promise', sender: 2, recipient: 0, text: 'first' }]);
    await store.keyEnvelopes.add(9, 1, [{ step: 'promise', sender: 2, recipient: 0, text: 'second' }]);
    await store.keyEnvelopes.add(9, 1, [{ step: 'promise', sender: 1, recipient: 0, text: 'other' }]);
    expect((await store.keyEnvelopes.list(9, 1, 'promise')).map(({ text }) => text)).toEqual([
      'other',
      'first',
    ]);
    expect(await store.keyEnvelopes.findCeremony(9)).toEqual(state);
    await store.keyEnvelopes.putCeremony({ ...state, attempt: 2, restarts: [3] });
    expect(await store.keyEnvelopes.list(9, 1, 'promise')).toEqual([]);
    await store.keyEnvelopes.removeBefore(10);
    expect(await store.keyEnvelopes.findCeremony(9)).toBe(null);
  });

  it('keeps runs of two labs, and what each said first at a step', async () => {
    const run = { run: 'ab'.repeat(32), epoch: 9, lab: 'lab-a', peer: 'lab-b' };
    expect(await store.overlaps.grantedUntil('lab-a', 'lab-b')).toBe(0);
    await store.overlaps.putGrant('lab-a', 'lab-b', 7, 'x');
    await store.overlaps.putGrant('lab-a', 'lab-b', 8, 'y');
    expect(await store.overlaps.grantedUntil('lab-a', 'lab-b')).toBe(8);
    expect(await store.overlaps.addRun(run)).toBe(true);
    expect(await store.overlaps.addRun({ ...run, lab: 'lab-c' })).toBe(false);
    expect(await store.overlaps.addMessage(run.run, 'lab-a', 'promise', 'p')).toBe(true);
    expect(await store.overlaps.addMessage(run.run, 'lab-a', 'promise', 'q')).toBe(false);
    expect(await store.overlaps.findMessage(run.run, 'lab-a', 'promise')).toBe('p');
    expect(await store.overlaps.listRuns(9, 'lab-b')).toEqual([run]);
    expect(await store.overlaps.listRuns(9, 'lab-c')).toEqual([]);
  });
});
