import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { StoredObject } from '@phalanx/coalition/taxii';
import { PhalanxError } from '@phalanx/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlStore } from './control-store.js';
import { type ControlStoreOptions, openControlStore } from './open.js';
import { makePgliteFiles } from './pglite-files.test.support.js';
import { EVERYTHING, makeIndicator, readEverything } from './taxii-samples.test.support.js';
import { startTemporaryPostgres, type TemporaryPostgres } from './temporary/postgres.js';

// The victim is a plain Node process, so it runs the built package: `npm test` builds first.
const built = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Adds batches and says so after each acknowledgement. */
const VICTIM = `
  const [built, dataDir, collection] = process.argv.slice(1);
  const { openControlStore } = await import(built + 'control/index.js');
  const { makeIndicator } = await import(built + 'control/taxii-samples.test.support.js');
  const store = await openControlStore({ dataDir });
  for (let batch = 1; ; batch++) {
    const objects = [1, 2, 3].map((n) => makeIndicator(batch * 10 + n));
    await store.taxii.addObjects(collection, objects);
    console.log(batch);
  }
`;

/** Kills the victim a while after its first acknowledgement; returns the number of its last. */
async function killDuringWrites(dataDir: string, collection: string): Promise<number> {
  const victim = spawn(
    process.execPath,
    ['--input-type=module', '-e', VICTIM, pathToFileURL(built).href, dataDir, collection],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let acknowledged = 0;
  for await (const line of createInterface(victim.stdout)) {
    if (acknowledged === 0) setTimeout(() => victim.kill('SIGKILL'), 45);
    acknowledged = Number(line);
  }
  if (victim.exitCode === null && victim.signalCode === null) await once(victim, 'exit');
  expect(victim.signalCode).toBe('SIGKILL');
  return acknowledged;
}

async function makeCollection(options: ControlStoreOptions): Promise<string> {
  const store = await openControlStore(options);
  const id = randomUUID();
  await store.taxii.putApiRoot({ path: 'hub', title: 'Hub', description: null, isDefault: true });
  await store.taxii.putCollection('hub', { id, title: 'Crash', rights: {} });
  await store.close();
  return id;
}

/** Every batch up to the last acknowledged one is there, whole; of the one after it, all or nothing. */
async function expectBatches(
  options: ControlStoreOptions,
  collection: string,
  acknowledged: number,
): Promise<void> {
  const store = await openControlStore(options);
  const found = (await readEverything(store.taxii, collection)).map(({ json }) =>
    Number(JSON.parse(json).name),
  );
  const last = Math.floor(found.at(-1)! / 10);
  expect(last - acknowledged === 0 || last - acknowledged === 1).toBe(true);
  expect(found).toEqual(
    Array.from({ length: last * 3 }, (_, i) => (1 + Math.floor(i / 3)) * 10 + 1 + (i % 3)),
  );
  await store.close();
}

// Engines start and recover here: seconds alone on a machine, a minute beside a dozen others.
describe('kill -9', { timeout: 240_000 }, () => {
  it('in a process with PGlite loses nothing that was acknowledged, and the directory opens', async () => {
    expect(existsSync(join(built, 'control/index.js')), 'build the package first').toBe(true);
    const dataDir = await mkdtemp(join(tmpdir(), 'phalanx-control-'));
    await makePgliteFiles(join(dataDir, 'control', 'pgdata'));
    const collection = await makeCollection({ dataDir });
    const acknowledged = await killDuringWrites(dataDir, collection);
    await expectBatches({ dataDir }, collection, acknowledged);
    await rm(dataDir, { recursive: true });
  });

  describe('of PostgreSQL', () => {
    let server: TemporaryPostgres;
    beforeAll(async () => {
      server = await startTemporaryPostgres();
    });
    afterAll(() => server.stop());

    it('loses nothing that was acknowledged; who reads along while several write misses nothing and sees nothing twice', async () => {
      const options = { url: server.url };
      const collection = await makeCollection(options);
      const stores = await Promise.all([1, 2, 3].map(() => openControlStore(options)));
      const [reader, ...writers] = stores;
      const refusals: unknown[] = [];
      const write = async (store: ControlStore, writer: number): Promise<void> => {
        for (let batch = 1; batch <= BATCHES; batch++) {
          const objects = [1, 2, 3].map((n) => makeIndicator(writer * 10_000 + batch * 10 + n));
          await untilItWorks(() => store.taxii.addObjects(collection, objects), refusals);
        }
      };
      let isWriting = true;
      const seen: StoredObject[] = [];
      const tail = async (): Promise<void> => {
        for (let isLast = false; ; isLast = !isWriting) {
          const query = { ...EVERYTHING, afterUs: seen.at(-1)?.addedUs ?? 0, limit: 7 };
          const page = await untilItWorks(() => reader!.taxii.readObjects(collection, query), refusals);
          seen.push(...page.objects);
          if (isLast && !page.hasMore) return;
        }
      };
      const tailed = tail();
      const crash = new Promise((resolve) => setTimeout(resolve, 150)).then(() => server.crash());
      await Promise.all([...writers, writers[0]!].map((store, i) => write(store, i + 1)));
      await crash;
      isWriting = false;
      await tailed;

      const wanted = [1, 2, 3].flatMap((writer) =>
        Array.from(
          { length: BATCHES * 3 },
          (_, i) => writer * 10_000 + (1 + Math.floor(i / 3)) * 10 + 1 + (i % 3),
        ),
      );
      expect(seen.map(({ json }) => Number(JSON.parse(json).name)).sort((x, y) => x - y)).toEqual(wanted);
      expect(seen.every(({ addedUs }, i) => i === 0 || addedUs > seen[i - 1]!.addedUs)).toBe(true);
      expect(seen).toEqual(await readEverything(reader!.taxii, collection));
      expect(refusals.length).toBeGreaterThan(0);
      for (const refusal of refusals)
        expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      await Promise.all(stores.map((store) => store.close()));
    });
  });
});

const BATCHES = 60;

/** Calls again as long as it is refused with something that may pass. */
async function untilItWorks<T>(call: () => Promise<T>, refusals: unknown[]): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!PhalanxError.is(error) || !error.retryable) throw error;
      refusals.push(error);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
