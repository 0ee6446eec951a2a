import { readFileSync } from 'node:fs';
import { fromHex, toHex, utf8 } from '@phalanx/core';
import { hashLeaf } from '@phalanx/ledger';
import { expect, it } from 'vitest';
import { commit, GROUPS, type Group } from './commitment.js';
import { commitmentOf, formatExchangeLeaf, parseExchangeLeaf } from './exchange-leaf.js';
import { formatStatement, parseStatement } from './statement-leaf.js';

interface Vectors {
  readonly commitments: readonly { group: Group; salt: string; value: string; commitment: string }[];
  readonly chain: readonly { entry: string; leafHash: string }[];
  readonly statement: { entry: string };
  readonly releases: readonly { entry: string; leafHash: string }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../docs/spec/vectors/record-leaf.json', import.meta.url), 'utf8'),
);

it('commits as published', () => {
  expect(vectors.commitments.map(({ group }) => group)).toEqual([...GROUPS]);
  for (const { group, salt, value, commitment } of vectors.commitments)
    expect(toHex(commit(fromHex(salt), group, utf8(value)))).toBe(commitment);
});

it('reads and writes the published chain', () => {
  const [first, second] = vectors.chain.map(({ entry }) => parseExchangeLeaf(fromHex(entry)));
  for (const { entry, leafHash } of vectors.chain) {
    expect(toHex(formatExchangeLeaf(parseExchangeLeaf(fromHex(entry))))).toBe(entry);
    expect(toHex(hashLeaf(fromHex(entry)))).toBe(leafHash);
  }
  expect(toHex(second!.previous)).toBe(vectors.chain[0]!.leafHash);
  expect([first!.sequence, second!.sequence]).toEqual([0, 1]);
  for (const { group, commitment } of vectors.commitments)
    expect(toHex(commitmentOf(first!, group))).toBe(commitment);
});

it('reads and writes the published statement', () => {
  const entry = utf8(vectors.statement.entry);
  expect(formatStatement(parseStatement(entry))).toEqual(entry);
});

it('reads and writes the published statements of sealed weights', () => {
  expect(vectors.releases.map(({ entry }) => parseStatement(utf8(entry)).kind)).toEqual([
    'lease',
    'segment-release',
    'lease',
  ]);
  for (const { entry, leafHash } of vectors.releases) {
    expect(formatStatement(parseStatement(utf8(entry)))).toEqual(utf8(entry));
    expect(toHex(hashLeaf(utf8(entry)))).toBe(leafHash);
  }
});
