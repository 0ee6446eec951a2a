import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DistinctHashes } from './distinct-hashes.js';

const values = fc.array(fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })), { maxLength: 8 });
const u64 = (list: Iterable<bigint>) => BigUint64Array.from(list);
const count = (from: number, to: number) =>
  u64(Array.from({ length: to - from }, (_, i) => BigInt(from + i)));

it('lists what a set holds, ascending', () => {
  fc.assert(
    fc.property(values, (batches) => {
      const hashes = new DistinctHashes(1000);
      for (const batch of batches) expect(hashes.add(u64(batch))).toBe(true);
      expect(hashes.list()).toEqual(u64(new Set(batches.flat())).sort());
    }),
  );
});

it('goes on after a list, past its first room, with values it has', () => {
  const hashes = new DistinctHashes(100_000);
  for (let round = 0; round < 3; round++)
    for (let from = 0; from < 30_000; from += 700) hashes.add(count(from, from + 1000));
  const first = hashes.list()!;
  expect(first).toEqual(count(0, 30_400));
  hashes.add(count(30_350, 30_500));
  expect(hashes.list()).toEqual(count(0, 30_500));
  expect(first).toHaveLength(30_400);
});

it('takes as many as the limit and no more', () => {
  const hashes = new DistinctHashes(9000);
  expect(hashes.add(count(0, 9000))).toBe(true);
  for (let i = 0; i < 5; i++) expect(hashes.add(count(0, 9000))).toBe(true);
  expect(hashes.list()).toHaveLength(9000);
  hashes.add(count(9000, 9001));
  expect(hashes.list()).toBeNull();
  expect(hashes.add(count(0, 90_000))).toBe(false);
});
