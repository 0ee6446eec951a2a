import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Intent } from '@phalanx/domain';
import { type BenchmarkIndex, buildBenchmarkIndex, createSketcher, HashDomain } from '@phalanx/sketch';
import { openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ingestFiles } from '../ingest-files.js';

const sketchKey = new Uint8Array(32).fill(9);
const makeText = (seed: string) =>
  Array.from({ length: 40 }, (_, i) =>
    createHash('sha1').update(`${seed} ${i}`).digest('hex').slice(0, 5),
  ).join(' ');
const passages = Array.from({ length: 100 }, (_, i) => makeText(`passage ${i}`));
const index = buildBenchmarkIndex(passages);

let dir: string;
let store: TelemetryStore;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'phalanx-ingest-benchmark-'));
  store = await openTelemetryStore({ path: join(dir, 'store') });
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

/** A log in which account "harness" asks every passage and "customer" as many other things. */
function writeLog(name: string): string {
  const rows = passages.flatMap((passage, i) =>
    [
      ['harness', `Answer with a letter.\n\n${passage}`],
      ['customer', makeText(`question ${i}`)],
    ].map(([account, content]) => ({
      id: `${name}-${account}-${i}`,
      account_id: account,
      started_at: new Date(1_770_000_000_000 + i * 1000).toISOString(),
      request: { model: 'gpt-x', messages: [{ role: 'user', content }] },
      response: { choices: [{ message: { role: 'assistant', content: 'C' } }] },
    })),
  );
  const path = join(dir, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

const ingest = (path: string, benchmarks?: BenchmarkIndex) =>
  ingestFiles([path], { store, sketchKey, workers: 2, ...(benchmarks !== undefined && { benchmarks }) });

/** Exchanges with the BENCHMARK intent by account. */
async function countKnown(): Promise<Map<bigint, number>> {
  const { account, key, count } = await store.intentCounts({ fromMs: 0, toMs: 8e15 });
  const known = new Map<bigint, number>();
  key.forEach((bit, i) => {
    if (1n << bit === BigInt(Intent.BENCHMARK)) known.set(account[i]!, count[i]!);
  });
  return known;
}

// One order of events: the store holds what came before.
it('marks what this run reads, and leaves what is stored as it is', { timeout: 60_000 }, async () => {
  const plain = writeLog('plain.jsonl');
  expect((await ingest(plain)).exchanges).toBe(200);
  expect(await countKnown()).toEqual(new Map());
  expect((await ingest(plain, index)).exchanges).toBe(0);
  expect(await countKnown()).toEqual(new Map());

  expect((await ingest(writeLog('known.jsonl'), index)).exchanges).toBe(200);
  const harness = createSketcher(sketchKey).hash64(HashDomain.ACCOUNT, 'harness');
  const known = await countKnown();
  expect([...known.keys()]).toEqual([harness]);
  // 0.93 of 40-word passages are recognised.
  expect(known.get(harness)).toBeGreaterThan(80);
});

it('takes an empty index for none, and refuses a malformed one before it reads', async () => {
  const log = writeLog('more.jsonl');
  await expect(ingest(log, { hashes: BigUint64Array.of(16n, 8n) })).rejects.toMatchObject({
    code: 'SKETCH_BENCHMARK_INDEX',
  });
  const before = await countKnown();
  expect((await ingest(log, { hashes: new BigUint64Array(0) })).exchanges).toBe(200);
  expect(await countKnown()).toEqual(before);
});
