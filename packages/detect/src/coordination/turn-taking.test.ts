import { expect, it } from 'vitest';
import { gapClasses, stepTurnTaking } from './turn-taking.js';

function events(order: readonly number[]): { account: BigUint64Array } {
  return { account: BigUint64Array.from(order, BigInt) };
}

/** Deterministic independent clients: a linear congruential generator picks who speaks. */
function independent(accounts: number, rounds: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: accounts * rounds }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * accounts);
  });
}

it('puts strict turn-taking into the most regular class, whatever the pace', () => {
  const order = Array.from({ length: 8 }, () => Array.from({ length: 50 }, (_, i) => i)).flat();
  const classes = gapClasses(events(order));
  expect(classes[0]).toBe(50);
  expect(classes.slice(1).every((n) => n === 0)).toBe(true);
});

it('grows for a pool that takes turns and shrinks for one that does not', () => {
  const turns = gapClasses(
    events(Array.from({ length: 8 }, () => Array.from({ length: 60 }, (_, i) => i)).flat()),
  );
  const others = gapClasses(events(independent(60, 8, 1)));
  const more = gapClasses(events(independent(60, 8, 2)));
  expect(stepTurnTaking(turns, turns, others)).toBeGreaterThan(100);
  expect(stepTurnTaking(more, turns, others)).toBeLessThan(-20);
  expect(stepTurnTaking(more, more, others)).toBeLessThan(Math.log(1e4));
});
