import { PhalanxError, utf8 } from '@phalanx/core';
import { hashLeaf } from '@phalanx/ledger';
import { type ExchangeLeaf, formatExchangeLeaf } from '@phalanx/record';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChainFollower, formatLeafLine, type ListedLeaf, readLeafLines } from './leaf-list.js';

type Listed = ListedLeaf & { readonly leaf: ExchangeLeaf };

/** Leaves of some chains in the order of a log, each chain from its own first sequence number on. */
function makeLeaves(owners: readonly number[], firstSequence = 0): Listed[] {
  const heads = new Map<number, { sequence: number; hash: Uint8Array }>();
  return owners.map((owner, i) => {
    const head = heads.get(owner) ?? { sequence: firstSequence, hash: new Uint8Array(32) };
    const leaf: ExchangeLeaf = {
      chain: new Uint8Array(16).fill(owner + 1),
      sequence: head.sequence,
      previous: head.hash,
      // Not in order: exchanges are logged when they are read.
      atMs: 1_770_000_000_000 + ((i * 7919) % 1000),
      commitments: new Uint8Array(192).fill(i % 256),
    };
    const entry = formatExchangeLeaf(leaf);
    heads.set(owner, { sequence: head.sequence + 1, hash: hashLeaf(entry) });
    return { index: 3 * i, entry, leaf };
  });
}

function follow(leaves: Iterable<Listed>): ChainFollower {
  const follower = new ChainFollower();
  for (const leaf of leaves) follower.add(leaf);
  return follower;
}

async function readAll(content: Uint8Array): Promise<Listed[]> {
  const leaves: Listed[] = [];
  for await (const leaf of readLeafLines([content])) leaves.push(leaf);
  return leaves;
}

const owners = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 24 });
const isListError = (error: unknown): boolean => PhalanxError.is(error, 'EVIDENCE_RECORD');

describe('ChainFollower', () => {
  it('sums up each chain', () => {
    fc.assert(
      fc.property(owners, fc.nat({ max: 1000 }), (who, firstSequence) => {
        const leaves = makeLeaves(who, firstSequence);
        const { summaries } = follow(leaves);
        expect(summaries.size).toBe(new Set(who).size);
        for (const owner of new Set(who)) {
          const mine = leaves.filter((_, i) => who[i] === owner);
          const times = mine.map(({ leaf }) => leaf.atMs);
          expect(summaries.get(`0${owner + 1}`.repeat(16))).toEqual({
            chain: `0${owner + 1}`.repeat(16),
            firstSequence,
            lastSequence: firstSequence + mine.length - 1,
            firstAtMs: Math.min(...times),
            lastAtMs: Math.max(...times),
            headIndex: mine.at(-1)!.index,
            headHash: hashLeaf(mine.at(-1)!.entry),
          });
        }
      }),
    );
  });

  it('refuses a list without one leaf from between, or with one twice, or two in the other order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 40 }), fc.nat(), (count, pick) => {
        const leaves = makeLeaves(new Array(count).fill(0));
        const at = 1 + (pick % (count - 2));
        const without = leaves.filter((_, i) => i !== at);
        const twice = [...leaves.slice(0, at + 1), ...leaves.slice(at)];
        const swapped = [...leaves.slice(0, at), leaves[at + 1]!, leaves[at]!, ...leaves.slice(at + 2)];
        for (const list of [without, twice, swapped])
          expect(() => follow(list)).toThrowError(expect.objectContaining({ code: 'EVIDENCE_RECORD' }));
      }),
    );
  });

  it('refuses any bit of a leaf that another one continues', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 257 * 8 - 1 }), async (bit) => {
        const leaves = makeLeaves([0, 0, 0]);
        const entry = leaves[1]!.entry.slice();
        entry[bit >> 3]! ^= 1 << (bit & 7);
        const lines = leaves.map(({ index, entry: own }, i) =>
          formatLeafLine({ index, entry: i === 1 ? entry : own }),
        );
        const bytes = new Uint8Array(Buffer.concat(lines));
        // Another name of the chain is another chain: then the third leaf does not follow the first.
        await expect(readAll(bytes).then(follow)).rejects.toThrowError(
          expect.objectContaining({ code: 'EVIDENCE_RECORD' }),
        );
      }),
    );
  });
});

describe('readLeafLines', () => {
  it('reads what was written', async () => {
    await fc.assert(
      fc.asyncProperty(owners, async (who) => {
        const leaves = makeLeaves(who);
        const bytes = new Uint8Array(Buffer.concat(leaves.map(formatLeafLine)));
        expect(await readAll(bytes)).toEqual(leaves);
      }),
    );
  });

  it('refuses entries out of order, and what is no exchange', async () => {
    const [first, second] = makeLeaves([0, 0]);
    const line = (index: number, entry = first!.entry) => Buffer.from(formatLeafLine({ index, entry }));
    await expect(readAll(Buffer.concat([line(4), line(4, second!.entry)]))).rejects.toThrow('out of order');
    await expect(readAll(line(0, first!.entry.subarray(1)))).rejects.toThrow('no exchange leaf');
    await expect(readAll(line(-1))).rejects.toThrow('malformed');
    await expect(readAll(utf8('{"index":0,"leaf":"","more":1}\n'))).rejects.toThrow('malformed');
    await expect(readAll(utf8(`{"index":0,"leaf":"${'A'.repeat(500)}"}\n`))).rejects.toThrow('longer');
  });

  it('ends in one kind of error, whatever it reads', async () => {
    const line = fc.record(
      { index: fc.oneof(fc.nat(), fc.double(), fc.string()), leaf: fc.oneof(fc.base64String(), fc.string()) },
      { requiredKeys: [] },
    );
    const content = fc.oneof(
      fc.uint8Array(),
      fc.array(line).map((lines) => utf8(lines.map((each) => `${JSON.stringify(each)}\n`).join(''))),
    );
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        try {
          follow(await readAll(bytes));
        } catch (error) {
          expect(isListError(error)).toBe(true);
        }
      }),
    );
  });
});
