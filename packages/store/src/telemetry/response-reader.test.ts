import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExchangeRecord } from '@phalanx/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExchangeBlock } from './exchange-block.js';
import { openTelemetryStore } from './open.js';
import { hashOf, randomExchanges } from './random-exchanges.test.support.js';
import { planSlices, responseSketches } from './response-queries.js';
import type { TelemetryStore } from './telemetry-store.js';

const EVER = { fromMs: 0, toMs: 10_000_000_000_000 };
const records = randomExchanges(21, 4000);
let directory: string;
let store: TelemetryStore;

function encode(rows: readonly ExchangeRecord[]): Uint8Array {
  const block = new ExchangeBlock();
  for (const row of rows) block.push(row);
  return block.encode();
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-responses-'));
  store = await openTelemetryStore({ path: directory });
  // Every tenth row is written twice.
  await store.insertExchanges(encode(records));
  await store.insertExchanges(encode(records.filter((_, i) => i % 10 === 0)));
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const answered = (minBytes = 0) =>
  records.filter(({ responseHash, responseBytes }) => responseHash !== 0n && responseBytes >= minBytes);
/** The sketches of a block as comparable text. */
const keysOf = (hashes: BigUint64Array, lanes: Uint8Array) =>
  Array.from(hashes, (hash, row) => key(hash, lanes.subarray(row * 32, row * 32 + 32)));
const key = (hash: bigint, minhash: Uint8Array) => `${hash} ${Buffer.from(minhash).toString('hex')}`;

describe('ResponseReader', () => {
  it('counts responses of a length by account, each once', async () => {
    for (const minBytes of [0, 5000]) {
      const { account, count } = await store.responseCounts(EVER, minBytes);
      const expected = new Map<bigint, number>();
      for (const row of answered(minBytes)) expected.set(row.account, (expected.get(row.account) ?? 0) + 1);
      expect(new Map(Array.from(account, (id, i) => [id, count[i]!]))).toEqual(expected);
      expect([...account]).toEqual([...account].sort((a, b) => (a < b ? -1 : 1)));
    }
  });

  it('reads every sketch of a window', async () => {
    const middle = Date.UTC(2026, 0, 7, 5);
    for (const window of [EVER, { fromMs: 0, toMs: middle }, { fromMs: middle, toMs: EVER.toMs }]) {
      const found = new Set<string>();
      for await (const { hash, minhash } of store.responseSketches(window))
        for (const one of keysOf(hash, minhash)) found.add(one);
      const inside = answered().filter(({ atMs }) => atMs >= window.fromMs && atMs < window.toMs);
      expect(found).toEqual(new Set(inside.map((row) => key(row.responseHash, row.responseMinhash))));
    }
  });

  it('reads them once each, however the table is divided', async () => {
    const cells = [...Array(4).keys()].flatMap((day) =>
      Array.from({ length: 256 }, (_, top) => ({
        day: 20_458 + day,
        top,
        rows: day === 1 ? 9_000 : day === 2 ? 40_000_000 / 256 : 10,
      })),
    );
    const slices = planSlices(cells);
    expect(slices.length).toBeGreaterThan(40);
    const found: string[] = [];
    for (const slice of slices) {
      const block = await store.tables.read((relation) =>
        responseSketches(relation({ name: 'exchanges', columns: [], orderBy: '' }), EVER, slice),
      );
      const hashes = block.columns.find(({ name }) => name === 'response_hash')?.values as
        | BigUint64Array
        | undefined;
      const lanes = block.columns.find(({ name }) => name === 'response_minhash')?.values as Uint8Array;
      if (hashes !== undefined) found.push(...keysOf(hashes, lanes));
    }
    const written = [...records, ...records.filter((_, i) => i % 10 === 0)].filter(
      ({ responseHash }) => responseHash !== 0n,
    );
    // Rows written twice may have been merged meanwhile.
    expect(found.length).toBeLessThanOrEqual(written.length);
    expect(found.length).toBeGreaterThanOrEqual(answered().length);
    expect(new Set(found)).toEqual(
      new Set(answered().map((row) => key(row.responseHash, row.responseMinhash))),
    );
  });

  it('divides a value of the first bits that holds too much by exchange', () => {
    const slices = planSlices([{ day: 1, top: 3, rows: 2_500_000 }]);
    expect(slices.map(({ part, parts }) => [part, parts])).toEqual([0, 1, 2, 3, 4].map((part) => [part, 5]));
  });

  it('draws a share by the ids', async () => {
    const all = await store.sampleResponses(EVER, 1, 1000);
    expect(all.hash).toHaveLength(answered(1000).length);
    const some = await store.sampleResponses(EVER, 0.25, 1000);
    expect(some.hash.length / all.hash.length).toBeGreaterThan(0.2);
    expect(some.hash.length / all.hash.length).toBeLessThan(0.3);
    const again = await store.sampleResponses(EVER, 0.25, 1000);
    expect(again.hash.toSorted()).toEqual(some.hash.toSorted());
    expect((await store.sampleResponses(EVER, 0, 0)).hash).toHaveLength(0);
    await expect(store.sampleResponses(EVER, 1.5, 0)).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
  });

  it('says who received a response, so many exchanges each', async () => {
    const wanted = BigUint64Array.of(hashOf('response1'), hashOf('response2'), 12345n);
    const found = await store.findResponses(wanted, 100);
    const rows = Array.from(found.hash, (hash, row) => ({
      hash,
      account: found.account[row]!,
      atMs: found.atMs[row]!,
      bytes: found.bytes[row]!,
      id: Buffer.from(found.id.subarray(row * 16, row * 16 + 16)).toString('hex'),
    }));
    const expected = records
      .filter(({ responseHash }) => wanted.includes(responseHash))
      .map((row) => ({
        hash: row.responseHash,
        account: row.account,
        atMs: Math.floor(row.atMs),
        bytes: row.responseBytes,
        id: Buffer.from(row.id).toString('hex'),
      }));
    expect(expected.length).toBeGreaterThan(2);
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(rows.sort(byId)).toEqual(expected.sort(byId));
    expect((await store.findResponses(wanted, 1)).hash).toHaveLength(2);
    expect((await store.findResponses(new BigUint64Array(0), 1)).hash).toHaveLength(0);
    await expect(store.findResponses(wanted, 0)).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
  });
});
