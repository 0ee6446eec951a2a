import type { AccountActivity, AccountFacts, TelemetryReader } from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { Population } from '../population/population.js';
import type { Proposal } from './proposal.js';
import { fitDealing, proposeSharedSignatures } from './shared-signature.js';

const random = new Random(1);
const dealt = Array.from({ length: 200 }, () => random.poisson(8)).filter((x) => x > 0);
const habits = Array.from({ length: 300 }, () => 1 + Math.floor(random.exponential() * 7));

it('tells dealt-out counts from habits, alone and mixed', () => {
  expect(fitDealing(dealt).score).toBeGreaterThan(50);
  expect(fitDealing(habits).score).toBeLessThan(5);
  const mixed = fitDealing([...dealt, ...habits]);
  expect(mixed.score).toBeGreaterThan(10);
  const claimed = (from: number, to: number) =>
    mixed.logOdds.subarray(from, to).filter((l) => l > 0).length / (to - from);
  expect(claimed(0, dealt.length)).toBeGreaterThan(0.75);
  expect(claimed(dealt.length, dealt.length + habits.length)).toBeLessThan(0.5);
});

it('survives counts that are all one', () => {
  expect(Number.isFinite(fitDealing([1, 1, 1, 1]).score)).toBe(true);
});

describe('accounts of a signature', async () => {
  const SIZE = 300;
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const account = BigUint64Array.from(range(1, SIZE + 1), BigInt);
  const none = new BigUint64Array(0);
  const population = await Population.load(
    {
      accountActivity: async () => ({ account }) as AccountActivity,
      accountFacts: async () => ({ account: none }) as AccountFacts,
    } as Partial<TelemetryReader> as TelemetryReader,
    { fromMs: 0, toMs: 1 },
  );
  const totals = new Float64Array(SIZE).fill(100);

  /** Proposals where each listed account carries its signature so many times. */
  function propose(
    carried: readonly (readonly [account: number, signature: bigint, count: number])[],
    blends: readonly Proposal[] = [],
    minAccounts = 30,
  ) {
    const signatures = {
      account: BigUint64Array.from(carried, ([a]) => BigInt(a + 1)),
      key: BigUint64Array.from(carried, ([, signature]) => signature),
      count: Uint32Array.from(carried, ([, , count]) => count),
    };
    return proposeSharedSignatures(population, signatures, totals, blends, minAccounts).map((p) => ({
      ...p,
      members: [...p.members],
    }));
  }
  const evenly = (accounts: readonly number[], signature: bigint, count = 8) =>
    accounts.map((a) => [a, signature, count + (a % 3)] as const);
  const group = (accounts: readonly number[], signature?: bigint): Proposal => ({
    members: Int32Array.from(accounts),
    strength: new Float64Array(accounts.length).fill(1),
    by: 'earlier',
    ...(signature === undefined ? {} : { signature }),
  });

  it('are proposed together, in order, with the signature that links them', () => {
    const proposals = propose([...evenly(range(0, 60).reverse(), 7n), ...evenly(range(100, 140), 9n)]);
    expect(proposals.map(({ signature, members }) => [signature, members])).toEqual([
      [7n, range(0, 60)],
      [9n, range(100, 140)],
    ]);
    expect(proposals.every(({ strength }) => strength.every((s) => s > 0))).toBe(true);
  });

  it('are no group when it is most of what they send, when they are few, or come and go by habit', () => {
    expect(propose(evenly(range(0, 60), 7n, 51))).toEqual([]);
    expect(propose(evenly(range(0, 29), 7n))).toEqual([]);
    expect(propose(range(0, 200).map((a) => [a, 7n, Math.min(50, habits[a]!)] as const))).toEqual([]);
    expect(propose(evenly(range(SIZE, SIZE + 60), 7n))).toEqual([]);
  });

  it('are left aside in a blend, whose every signature is dealt out', () => {
    const carried = [...evenly(range(0, 60), 7n), ...evenly(range(0, 60), 8n), ...evenly(range(60, 120), 8n)];
    const [proposal, ...others] = propose(carried, [group(range(0, 60))]);
    expect(others).toEqual([]);
    expect([proposal!.signature, proposal!.members]).toEqual([8n, range(60, 120)]);
  });

  it('let the group that they linked grow, and link no second group out of it', () => {
    const known = [group(range(0, 40), 7n)];
    const grown = propose([...evenly(range(0, 80), 7n), ...evenly(range(0, 40), 8n)], known);
    expect(grown.map(({ signature, members }) => [signature, members])).toEqual([[7n, range(0, 80)]]);
  });

  it('are left aside where a blend and their own group both hold them', () => {
    const known = [group(range(0, 40), 7n), group(range(20, 60))];
    const [proposal, ...others] = propose(evenly(range(0, 100), 7n), known);
    expect(others).toEqual([]);
    expect(proposal!.members).toEqual([...range(0, 20), ...range(60, 100)]);
  });

  it('make six groups at most, the plainest', () => {
    const carried = range(0, 8).flatMap((s) => evenly(range(0, 40 + 10 * s), BigInt(s + 1)));
    expect(propose(carried).map(({ signature }) => signature)).toEqual([8n, 7n, 6n, 5n, 4n, 3n]);
  });
});
