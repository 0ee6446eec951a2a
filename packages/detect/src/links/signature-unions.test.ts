import { expect, it } from 'vitest';
import type { Proposal } from './proposal.js';
import { proposeSignatureUnions } from './signature-unions.js';

const group = (signature: bigint | undefined, accounts: readonly number[], strength = 1): Proposal => ({
  members: Int32Array.from(accounts),
  strength: new Float64Array(accounts.length).fill(strength),
  by: 'one signature dealt out',
  ...(signature !== undefined && { signature }),
});

it('unites groups of several signatures that share half of the smaller, also by way of a third', () => {
  const [union, ...others] = proposeSignatureUnions([
    group(1n, [1, 2, 3, 4], 2),
    group(2n, [3, 4, 5, 6], 7),
    group(3n, [6, 7]),
    group(4n, [20, 21, 22]),
  ]);
  expect(others).toEqual([]);
  expect([...union!.members]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect([...union!.strength]).toEqual([2, 2, 7, 7, 7, 7, 1]);
});

it('leaves alone one signature seen twice, groups that hardly meet, and groups of another kind', () => {
  expect(proposeSignatureUnions([group(1n, [1, 2, 3]), group(1n, [1, 2, 3, 4])])).toEqual([]);
  expect(proposeSignatureUnions([group(1n, [1, 2, 3]), group(2n, [3, 4, 5])])).toEqual([]);
  expect(proposeSignatureUnions([group(1n, [1, 2, 3]), group(undefined, [1, 2, 3])])).toEqual([]);
});
