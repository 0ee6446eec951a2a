import { concatBytes, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatEntryBundle, parseEntryBundle } from './entry-bundle.js';
import { hashLeaf, hashNode } from './merkle-hash.js';
import { verifyConsistency, verifyInclusion } from './merkle-proof.js';
import { proveConsistency, proveInclusion, readRoot, TreeFrontier } from './merkle-tree.js';
import { readHashesFromTiles } from './tile-hashes.js';
import { formatTilePath, parseTilePath, TILE_WIDTH, type TilePath, tilesOf, tileWidth } from './tile-path.js';

const SIZE = 70_000;
const leaves = Array.from({ length: SIZE }, (_, i) => hashLeaf(utf8(String(i))));
const levels = [leaves];
for (let level = 1; level <= 2; level++) {
  const below = levels[level - 1]!;
  levels.push(
    Array.from({ length: Math.floor(below.length / TILE_WIDTH) }, (_, i) => {
      const tree = new TreeFrontier();
      for (const hash of below.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH)) tree.append(hash);
      return tree.root();
    }),
  );
}
const readTile = async ({ level, index, width }: TilePath): Promise<Uint8Array> =>
  concatBytes(levels[level as number]!.slice(index * TILE_WIDTH, index * TILE_WIDTH + width));

describe('a tile path', () => {
  it.each([
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 3, index: 0, width: 1 }, 'tile/3/000.p/1'],
    [{ level: 'entries', index: 999, width: 255 }, 'tile/entries/999.p/255'],
    [{ level: 63, index: 1_000, width: 256 }, 'tile/63/x001/000'],
  ] as const)('is written and read: %o', (tile, path) => {
    expect(formatTilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it('comes back as it was', () => {
    const tile = fc.record({
      level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(tile, (t) => {
        expect(parseTilePath(formatTilePath(t))).toEqual(t);
      }),
    );
  });

  it.each([
    'tile/00/000',
    'tile/64/000',
    'tile/0/0',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/-1/000',
    'tile/entries/000.p/',
    'tile/0/../000',
    'checkpoint',
    '/tile/0/000',
    'tile/0/000\n',
    `tile/0/${'x999/'.repeat(6)}999`,
  ])('is nothing else: %s', (path) => {
    expect(() => parseTilePath(path)).toThrow(expect.objectContaining({ code: 'LEDGER_TILE' }));
  });

  it('counts the tiles of 70,000 leaves as the specification does', () => {
    const tiles = [...tilesOf(SIZE)].map(({ level, width }) => `${level}:${width}`);
    expect(tiles.filter((tile) => tile === '0:256')).toHaveLength(273);
    expect(tiles.filter((tile) => tile !== '0:256')).toEqual(['0:112', '1:256', '1:17', '2:1']);
    expect([...tilesOf(256)].map(formatTilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
    expect(tileWidth('entries', 273, SIZE)).toBe(112);
    expect(tileWidth(0, 274, SIZE)).toBe(0);
  });
});

it('tiles carry roots and proofs for every size', async () => {
  const tree = new TreeFrontier();
  const roots = [tree.root()];
  for (const leaf of leaves) {
    tree.append(leaf);
    roots.push(tree.root());
  }
  for (const size of [1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537, SIZE]) {
    const read = readHashesFromTiles(size, readTile);
    expect(await readRoot(size, read)).toEqual(roots[size]);
    const index = Math.floor(size / 3);
    expect(
      verifyInclusion(leaves[index]!, index, size, await proveInclusion(index, size, read), roots[size]!),
    ).toBe(true);
    const before = Math.ceil(size / 2);
    const proof = await proveConsistency(before, size, read);
    expect(verifyConsistency(before, size, proof, roots[before]!, roots[size]!)).toBe(true);
  }
  const short = readHashesFromTiles(300, async () => new Uint8Array(31));
  await expect(readRoot(300, short)).rejects.toThrow(expect.objectContaining({ code: 'LEDGER_TILE' }));
  expect(hashNode(roots[1]!, leaves[1]!)).toEqual(roots[2]);
});

describe('an entry bundle', () => {
  it('holds what was put in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 }), (entries) => {
        expect(parseEntryBundle(formatEntryBundle(entries)).map((e) => [...e])).toEqual(
          entries.map((e) => [...e]),
        );
      }),
    );
    const longest = new Uint8Array(65_535).fill(1);
    expect(parseEntryBundle(formatEntryBundle([longest]))[0]).toEqual(longest);
  });

  it('is whole', () => {
    const bundle = formatEntryBundle([utf8('one'), utf8('two')]);
    for (const cut of [1, 2, 3, 4, 6, 9])
      expect(() => parseEntryBundle(bundle.slice(0, cut))).toThrow(
        expect.objectContaining({ code: 'LEDGER_TILE' }),
      );
    expect(parseEntryBundle(bundle.slice(0, 5))).toHaveLength(1);
    expect(() => formatEntryBundle([new Uint8Array(65_536)])).toThrow(
      expect.objectContaining({ code: 'LEDGER_TILE' }),
    );
    expect(() => parseEntryBundle(new Uint8Array(2 * 257))).toThrow(
      expect.objectContaining({ code: 'LEDGER_TILE' }),
    );
  });
});
