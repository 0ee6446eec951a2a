import { PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { hashLeaf, hashNode, proveInclusion, readRoot } from '@phalanx/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProofLine, verifyEntryProofs } from './entry-proofs.js';

/** A tree over `size` leaves, each the text of its index. */
async function makeTree(size: number) {
  const leafHash = (index: number): Uint8Array => hashLeaf(utf8(String(index)));
  const read = (level: number, index: number): Uint8Array =>
    level === 0 ? leafHash(index) : hashNode(read(level - 1, 2 * index), read(level - 1, 2 * index + 1));
  const root = await readRoot(size, read);
  const prove = (index: number) => proveInclusion(index, size, read);
  return { leafHash, checkpoint: { size, root }, prove };
}

const indices = fc
  .integer({ min: 1, max: 70 })
  .chain((size) => fc.tuple(fc.constant(size), fc.uniqueArray(fc.nat({ max: size - 1 }), { minLength: 1 })));

describe('proofs of entries', () => {
  it('are verified as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(indices, async ([size, proved]) => {
        const { leafHash, checkpoint, prove } = await makeTree(size);
        const lines = await Promise.all(
          proved.map(async (index) => formatProofLine(index, await prove(index))),
        );
        const found = await verifyEntryProofs([Buffer.concat(lines)], checkpoint, leafHash);
        expect(found).toEqual(new Set(proved));
      }),
    );
  });

  it('are of one index, one leaf, one size and one root', async () => {
    const { leafHash, checkpoint, prove } = await makeTree(21);
    const path = await prove(5);
    const verify = (index: number, inclusion: readonly Uint8Array[], under = checkpoint, hashOf = leafHash) =>
      verifyEntryProofs([formatProofLine(index, inclusion)], under, hashOf);
    await expect(verify(5, path)).resolves.toEqual(new Set([5]));
    for (const other of [4, 6, 7, 13, 20, 21, 1000])
      await expect(verify(other, path)).rejects.toThrow('not in the tree');
    await expect(verify(5, path.slice(1))).rejects.toThrow('not in the tree');
    await expect(verify(5, [...path, path[0]!])).rejects.toThrow('not in the tree');
    await expect(verify(5, [...path].reverse())).rejects.toThrow('not in the tree');
    await expect(verify(5, path, { ...checkpoint, size: 40 })).rejects.toThrow('not in the tree');
    await expect(verify(5, path, { ...checkpoint, root: leafHash(5) })).rejects.toThrow('not in the tree');
    await expect(verify(5, path, checkpoint, () => leafHash(4))).rejects.toThrow('not in the tree');
    const nobody = verifyEntryProofs([formatProofLine(5, path)], checkpoint, () => null);
    await expect(nobody).rejects.toThrow('not in the list');
  });

  it('do not survive any flipped bit', async () => {
    const { leafHash, checkpoint, prove } = await makeTree(37);
    const line = formatProofLine(12, await prove(12));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 8 * line.length - 1 }), async (bit) => {
        const changed = line.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        await expect(verifyEntryProofs([changed], checkpoint, leafHash)).rejects.toThrowError(
          expect.objectContaining({ code: 'EVIDENCE_RECORD' }),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('end in one kind of error, whatever is read', async () => {
    const { leafHash, checkpoint } = await makeTree(8);
    const hash = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 40 }).map(toBase64));
    const row = fc.record(
      {
        index: fc.oneof(fc.nat({ max: 9 }), fc.double(), fc.maxSafeNat()),
        inclusion: fc.array(hash, { maxLength: 70 }),
      },
      { requiredKeys: [] },
    );
    const content = fc.oneof(
      fc.uint8Array(),
      row.map((value) => utf8(`${JSON.stringify(value)}\n`)),
    );
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        try {
          await verifyEntryProofs([bytes], checkpoint, leafHash);
        } catch (error) {
          expect(PhalanxError.is(error, 'EVIDENCE_RECORD')).toBe(true);
        }
      }),
    );
  });
});
