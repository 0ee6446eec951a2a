import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { CONTENT_HASHES } from './content-hash.js';
import { hashFiles } from './hashing-threads.js';
import { listModelFiles } from './model-files.js';
import { codeOf, makeModel, removeModels } from './signed-model.test.support.js';

afterAll(removeModels);

it('gives the same hashes in threads as without, in the order of the files', async () => {
  const sizes = [0, 1, 5_000_000, 70_000, 1_048_576, 12, 2_097_153];
  const files = sizes.map((size, i) => [
    `f${i}`,
    Uint8Array.from({ length: size }, (_, k) => (k * (i + 3)) >> 3),
  ]);
  const model = makeModel(Object.fromEntries(files));
  const list = await listModelFiles(model, { ignorePaths: [] });
  for (const hash of CONTENT_HASHES) {
    const plan = { hash, rangeBytes: hash === 'blake3' ? null : 65_537, withChunks: true };
    const alone = await hashFiles(list, plan);
    const seen: string[] = [];
    const together = await hashFiles(list, plan, ({ path }) => seen.push(path), 3);
    expect(together).toEqual(alone);
    expect(seen.sort()).toEqual(list.map(({ path }) => path));
  }
  rmSync(list[3]!.location);
  for (const threads of [1, 3])
    expect(
      await codeOf(() =>
        hashFiles(list, { hash: 'sha256', rangeBytes: null, withChunks: false }, undefined, threads),
      ),
    ).toBe('WEIGHTS_SOURCE');
});
