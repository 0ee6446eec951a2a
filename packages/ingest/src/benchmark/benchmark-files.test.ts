import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBenchmarkIndex, encodeBenchmarkIndex, MAX_BENCHMARK_HASHES } from '@phalanx/sketch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readBenchmarkFiles } from './benchmark-files.js';

const texts = Array.from({ length: 40 }, (_, i) =>
  Array.from({ length: 30 }, (_, j) => `word${(i * 31 + j * 7) % 997}`).join(' '),
);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'phalanx-idx-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
}

it('reads one, merges several and has none of none', async () => {
  const parts = [texts.slice(0, 25), texts.slice(20)].map((part, i) =>
    write(`${i}.idx`, encodeBenchmarkIndex(buildBenchmarkIndex(part))),
  );
  expect(await readBenchmarkFiles(parts)).toEqual(buildBenchmarkIndex(texts));
  expect(await readBenchmarkFiles(parts.slice(1))).toEqual(buildBenchmarkIndex(texts.slice(20)));
  expect(await readBenchmarkFiles([])).toEqual({ hashes: new BigUint64Array(0) });
});

it('refuses what is no index by its name, and what is too large unread', async () => {
  const good = encodeBenchmarkIndex(buildBenchmarkIndex(texts));
  const swapped = good.slice();
  swapped.set(good.subarray(8, 16), 16);
  const huge = write('huge.idx', good);
  // A hole: if it were read, its 9 GB would be.
  truncateSync(huge, 512 * (MAX_BENCHMARK_HASHES + 2));
  const log = new TextEncoder().encode('{"id":"a1"}\n');
  const bad = [
    write('cut.idx', good.subarray(0, 21)),
    write('swapped.idx', swapped),
    write('log.jsonl', log),
    huge,
  ];
  for (const path of bad)
    await expect(readBenchmarkFiles([path])).rejects.toMatchObject({
      code: 'SKETCH_BENCHMARK_INDEX',
      message: expect.stringContaining(`${path}: not a benchmark index`),
      advice: expect.stringContaining('phalanx benchmark build'),
    });
  await expect(readBenchmarkFiles([join(dir, 'absent.idx')])).rejects.toMatchObject({ code: 'ENOENT' });
});
