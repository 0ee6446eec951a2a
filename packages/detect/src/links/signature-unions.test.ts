import { expect, it } from 'vitest';
import type { Proposal } from './proposal.js';
import { proposeSignatureUnions } from './signature-unions.js';

const group = (signature: bigint | undefined, accounts: readonly number[], strength = 1): Proposal => ({
  members: Int32Array.from(accounts),
  strength: new Float64Array(accounts.length).fill(strength),
  by: 'one signature dealt out',
  ...(signature !== undefined && { signature }),
});

it('unites groups of several signatures that share accounts, also by way of a third', () => {
  const groups = [
    group(1n, [1, 2, 3, 4], 2),
    group(2n, [3, 4, 5, 6], 7),
    group(3n, [6, 7]),
    group(4n, [20, 21, 22]),
  ];
  const [union, ...others] = proposeSignatureUnions(groups, 100);
  expect(others).toEqual([]);
  expect([...union!.members]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect([...union!.strength]).toEqual([2, 2, 7, 7, 7, 7, 1]);
});

it('leaves alone one signature seen twice, groups that hardly meet, and groups of another kind', () => {
  const unions = (...groups: Proposal[]): Proposal[] => proposeSignatureUnions(groups, 100);
  expect(unions(group(1n, [1, 2, 3]), group(1n, [1, 2, 3, 4]))).toEqual([]);
  expect(unions(group(1n, [1, 2, 3, 4, 5]), group(2n, [5, 6, 7, 8, 9]))).toEqual([]);
  expect(unions(group(1n, [1, 2, 3]), group(undefined, [1, 2, 3]))).toEqual([]);
});

it('leaves alone groups that share what chance gives groups so large', () => {
  const groups = [group(1n, [1, 2, 3, 4]), group(2n, [3, 4, 5, 6])];
  expect(proposeSignatureUnions(groups, 9)).toEqual([]);
  expect(proposeSignatureUnions(groups, 13)).toHaveLength(1);
});
