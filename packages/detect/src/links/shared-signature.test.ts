import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { fitDealing } from './shared-signature.js';

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
