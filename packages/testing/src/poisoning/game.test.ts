import { describe, expect, it } from 'vitest';
import { playPoisoning } from './game.js';
import { POISONING_DEFAULTS } from './game-options.js';

// Worlds and parameters that were not used in development; `bench coalition-poisoning` plays more of them, and larger ones.
const unseen = {
  ...POISONING_DEFAULTS,
  seed: 90_210,
  campaigns: 30,
  days: 60,
  mistakes: 0.05,
  goodShare: 0.5,
  falseSuspicion: 0.008,
};

describe('one of seven labs plants 1,000 false indicators on honest tenants', { timeout: 120_000 }, () => {
  it.each([['all-at-once'], ['betrayal'], ['copies-all'], ['aimed-at-false-suspects']] as const)(
    '%s: none is enforceable anywhere',
    (attack) => {
      const { enforcedPlanted, enforcedTrue, precision, recallOfTold, barred } = playPoisoning({
        ...unseen,
        attack,
      });
      expect(enforcedPlanted).toBe(0);
      expect(precision).toBeGreaterThan(0.99);
      // What honest labs have told still comes through.
      expect(enforcedTrue).toBeGreaterThan(100);
      expect(recallOfTold).toBeGreaterThan(0.5);
      // Who repeats everything repeats what nobody can have seen.
      expect(barred).toBe(attack === 'copies-all' ? 1 : 0);
    },
  );

  it('two that aim at those whom a lab wrongly suspects get through where three labs are needed, and are not hidden here', () => {
    const result = playPoisoning({ ...unseen, attack: 'aimed-at-false-suspects', malicious: 2 });
    expect(result.enforcedPlanted).toBeGreaterThan(0);
  });

  it('is deterministic', () => {
    const small = { ...unseen, attack: 'betrayal', planted: 100, campaigns: 10 } as const;
    expect(playPoisoning(small)).toEqual(playPoisoning(small));
  });
});
