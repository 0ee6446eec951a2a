import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { evennessScore } from './shared-signature.js';

it('prefers dealt-out counts to habits', () => {
  const random = new Random(1);
  const dealt = Array.from({ length: 200 }, () => random.poisson(5)).filter((x) => x > 0);
  const habits = Array.from({ length: 200 }, () => 1 + Math.floor(random.exponential() * 4.5));
  expect(evennessScore(dealt)).toBeGreaterThan(30);
  expect(evennessScore(habits)).toBeLessThan(-10);
  expect(evennessScore([1, 1, 1])).toBe(0);
});
