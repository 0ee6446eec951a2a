import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeNative } from './native.js';
import { TABLES } from './schema.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-open-'));
});
afterEach(() => rm(directory, { recursive: true }));

const { cache } = createRequire(import.meta.url);
const engineIsLoaded = () => Object.keys(cache).some((file) => file.includes('chdb'));

describe('openTelemetryStore', () => {
  it('loads no engine before a store is opened, so that a worker may import ExchangeBlock', async () => {
    const { ExchangeBlock, openTelemetryStore } = await import('../index.js');
    expect(new ExchangeBlock().rows).toBe(0);
    expect(engineIsLoaded()).toBe(false);
    await (await openTelemetryStore({ path: directory })).close();
    expect(engineIsLoaded()).toBe(true);
  });

  it('has one owner a directory, one directory a process, and can be opened again', async () => {
    const { openTelemetryStore } = await import('../index.js');
    const store = await openTelemetryStore({ path: directory });
    await expect(openTelemetryStore({ path: directory })).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    const other = join(directory, 'other');
    await expect(openTelemetryStore({ path: other })).rejects.toMatchObject({
      code: 'STORE_ONE_PER_PROCESS',
    });
    expect(await readdir(other)).not.toContain('lock');
    await store.close();
    await store.close();
    await expect(store.span()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await (await openTelemetryStore({ path: other })).close();
    await (await openTelemetryStore({ path: directory })).close();
  });

  it('refuses data of a newer program', async () => {
    const { openTelemetryStore } = await import('../index.js');
    const store = await openTelemetryStore({ path: directory });
    const bytes = encodeNative({
      rows: 1,
      columns: [
        { name: 'one', type: 'UInt8', values: Uint8Array.of(1) },
        { name: 'version', type: 'UInt64', values: BigUint64Array.of(999n) },
      ],
    });
    await store.tables.insert(TABLES.schemaVersion, ['one', 'version'], bytes);
    await store.close();
    await expect(openTelemetryStore({ path: directory })).rejects.toMatchObject({
      code: 'STORE_SCHEMA_NEWER',
    });
    expect(await readdir(directory)).not.toContain('lock');
  });

  it('says that a server does not answer, and that trying again may help', async () => {
    const { openTelemetryStore } = await import('../index.js');
    await expect(openTelemetryStore({ url: 'http://127.0.0.1:9' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
  });
});
