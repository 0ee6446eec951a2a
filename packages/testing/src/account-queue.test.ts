import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeastRecentlyUsed } from './account-queue.js';

describe('LeastRecentlyUsed', () => {
  it('agrees with the definition under any order of takes, arrivals and withdrawals', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('take', 'take', 'take', 'add', 'withdraw'), { maxLength: 200 }),
        (steps) => {
          const queue = new LeastRecentlyUsed([0, 1, 2]);
          // The definition: smallest last use among those in service; later arrivals are "never used", newest first.
          const lastUse = new Map([
            [0, -3],
            [1, -2],
            [2, -1],
          ]);
          let next = 3;
          let never = -4;
          let clock = 0;
          for (const step of steps) {
            if (step === 'add') {
              queue.add(next);
              lastUse.set(next++, never--);
            } else if (step === 'withdraw' && lastUse.size > 1) {
              const account = [...lastUse.keys()][clock % lastUse.size]!;
              queue.withdraw(account);
              lastUse.delete(account);
            } else if (step === 'take') {
              const oldest = [...lastUse.entries()].reduce((a, b) => (b[1] < a[1] ? b : a))[0];
              expect(queue.take()).toBe(oldest);
              lastUse.set(oldest, ++clock);
            }
            expect(queue.size).toBe(lastUse.size);
          }
        },
      ),
    );
  });

  it('survives far more takes than it has accounts, and says when nobody is left', () => {
    const queue = new LeastRecentlyUsed([5, 6, 7]);
    let wrong = 0;
    for (let i = 0; i < 300_000; i++) if (queue.take() - 5 !== i % 3) wrong++;
    expect(wrong).toBe(0);
    for (const account of [5, 6, 7]) queue.withdraw(account);
    expect(() => queue.take()).toThrow(RangeError);
  });
});
