import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashLeaf, hashNode } from './merkle-hash.js';
import { verifyConsistency } from './merkle-proof.js';
import { isSubtree, verifySubtreeConsistency, verifySubtreeInclusion } from './merkle-subtree.js';
import { type HashReader, proveConsistency, proveInclusion, readRoot } from './merkle-tree.js';

const leaves = Array.from({ length: 70 }, (_, n) => hashLeaf(Uint8Array.of(n)));
const memoryTree = (tree: readonly Uint8Array[]): HashReader => {
  const read = (level: number, index: number): Uint8Array =>
    level === 0 ? tree[index]! : hashNode(read(level - 1, 2 * index), read(level - 1, 2 * index + 1));
  return read;
};
const whole = fc.integer({ min: 1, max: 70 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));

it('knows subtrees by where they begin', () => {
  const valid = [];
  for (let start = 0; start < 8; start++)
    for (let end = start + 1; end <= 8; end++) if (isSubtree(start, end)) valid.push(`${start}-${end}`);
  expect(valid.join(' ')).toBe(
    '0-1 0-2 0-3 0-4 0-5 0-6 0-7 0-8 1-2 2-3 2-4 3-4 4-5 4-6 4-7 4-8 5-6 6-7 6-8 7-8',
  );
  for (const [start, end] of [
    [0, 0],
    [3, 2],
    [-1, 1],
    [0.5, 1],
    [Number.NaN, 2],
  ] as const)
    expect(isSubtree(start, end)).toBe(false);
});

it('is RFC 9162 where a subtree begins the tree', async () => {
  await fc.assert(
    fc.asyncProperty(whole, fc.nat(63), async ([size, old], flip) => {
      const tree = memoryTree(leaves.slice(0, size));
      const [oldRoot, root] = [await readRoot(old + 1, tree), await readRoot(size, tree)];
      const proof = await proveConsistency(old + 1, size, tree);
      expect(verifyConsistency(old + 1, size, proof, oldRoot, root)).toBe(true);
      expect(verifySubtreeConsistency(0, old + 1, size, proof, oldRoot, root)).toBe(true);
      const altered = proof.map((hash) => Uint8Array.from(hash));
      if (altered.length === 0) return;
      altered[flip % altered.length]![flip % 32]! ^= 1;
      expect(verifySubtreeConsistency(0, old + 1, size, altered, oldRoot, root)).toBe(false);
    }),
  );
});

it('proves leaves of a subtree as of a tree of its own', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 10 }),
      async (start, span) => {
        if (!isSubtree(start, start + span)) return;
        const tree = memoryTree(leaves.slice(start, start + span));
        const root = await readRoot(span, tree);
        for (let index = 0; index < span; index++) {
          const proof = await proveInclusion(index, span, tree);
          const at = start + index;
          expect(verifySubtreeInclusion(leaves[at]!, at, start, start + span, proof, root)).toBe(true);
          expect(verifySubtreeInclusion(leaves[at]!, at + 1, start, start + span, proof, root)).toBe(false);
        }
      },
    ),
  );
});
