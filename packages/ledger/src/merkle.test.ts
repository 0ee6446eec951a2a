import { toHex, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_ROOT, hashLeaf, hashNode } from './merkle-hash.js';
import { verifyConsistency, verifyInclusion } from './merkle-proof.js';
import { type HashReader, proveConsistency, proveInclusion, readRoot, TreeFrontier } from './merkle-tree.js';

const leaves = Array.from({ length: 600 }, (_, i) => hashLeaf(utf8(`entry ${i}`)));

/** RFC 6962 section 2.1, as it is written there. */
function definedRoot(list: readonly Uint8Array[]): Uint8Array {
  if (list.length === 0) return EMPTY_ROOT;
  if (list.length === 1) return list[0]!;
  const k = 2 ** Math.floor(Math.log2(list.length - 1));
  return hashNode(definedRoot(list.slice(0, k)), definedRoot(list.slice(k)));
}

const read: HashReader = (level, index) =>
  definedRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
const size = fc.integer({ min: 1, max: leaves.length });
/** A size, and a number up to it. */
const sizeAndPart = size.chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));

describe('a tree', () => {
  it('has the root that the definition gives, appended or read', async () => {
    const frontier = new TreeFrontier();
    expect(toHex(frontier.root())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (let n = 1; n <= 300; n++) {
      frontier.append(leaves[n - 1]!);
      expect(frontier.size).toBe(n);
      const root = definedRoot(leaves.slice(0, n));
      expect(frontier.root()).toEqual(root);
      if (n % 37 === 0) expect(await readRoot(n, read)).toEqual(root);
    }
    expect(await readRoot(0, read)).toEqual(EMPTY_ROOT);
  });

  it('proves that a leaf is in it, and no other leaf, place, size or path', async () => {
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), fc.nat(), async (n, place, change) => {
        const index = place % n;
        const leaf = leaves[index]!;
        const root = definedRoot(leaves.slice(0, n));
        const proof = await proveInclusion(index, n, read);
        expect(verifyInclusion(leaf, index, n, proof, root)).toBe(true);
        expect(verifyInclusion(leaves[(index + 1) % leaves.length]!, index, n, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, (index + 1) % n, n, proof, root)).toBe(n === 1);
        expect(verifyInclusion(leaf, index, n, [...proof, root], root)).toBe(false);
        if (proof.length === 0) return;
        expect(verifyInclusion(leaf, index, n, proof.slice(1), root)).toBe(false);
        const bent = proof.map((hash) => hash.slice());
        bent[change % proof.length]![change % 32]! ^= 1 << (change % 8);
        expect(verifyInclusion(leaf, index, n, bent, root)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('proves that it continues an earlier one, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(sizeAndPart, fc.nat(), async ([before, n], change) => {
        const oldRoot = definedRoot(leaves.slice(0, before));
        const root = definedRoot(leaves.slice(0, n));
        const proof = await proveConsistency(before, n, read);
        expect(verifyConsistency(before, n, proof, oldRoot, root)).toBe(true);
        expect(verifyConsistency(before, n, [...proof, root], oldRoot, root)).toBe(false);
        const fork = definedRoot([hashLeaf(utf8('another')), ...leaves.slice(1, before)]);
        expect(verifyConsistency(before, n, proof, fork, root)).toBe(false);
        if (proof.length === 0) return;
        const bent = proof.map((hash) => hash.slice());
        bent[change % proof.length]![change % 32]! ^= 1 << (change % 8);
        expect(verifyConsistency(before, n, bent, oldRoot, root)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('carries sizes above 32 bits', async () => {
    const large = 2 ** 40 + 3;
    const same = hashLeaf(utf8('same'));
    const whole = [same];
    for (let level = 1; level <= 40; level++) whole.push(hashNode(whole[level - 1]!, whole[level - 1]!));
    const readSame: HashReader = (level) => whole[level]!;
    const root = await readRoot(large, readSame);
    for (const index of [0, 2 ** 33 + 1, 2 ** 40, large - 1])
      expect(verifyInclusion(same, index, large, await proveInclusion(index, large, readSame), root)).toBe(
        true,
      );
    const before = 2 ** 34 - 7;
    const proof = await proveConsistency(before, large, readSame);
    expect(verifyConsistency(before, large, proof, await readRoot(before, readSame), root)).toBe(true);
  });

  it('refuses places that it does not have', async () => {
    await expect(proveInclusion(3, 3, read)).rejects.toThrow(RangeError);
    await expect(proveConsistency(4, 3, read)).rejects.toThrow(RangeError);
    for (const index of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(verifyInclusion(leaves[0]!, index, 1, [], leaves[0]!)).toBe(false);
  });
});
