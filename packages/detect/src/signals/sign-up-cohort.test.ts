import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { signUpCohort } from './sign-up-cohort.js';
import {
  countFalseAlarms,
  DAY_MS,
  HOUR_MS,
  makeEvidence,
  readLog10P,
  type SimulatedAccount,
  WINDOW,
} from './simulated-evidence.test.support.js';

const MEMBERS = 40;

/** 200 accounts of all ages, a third of them from three bursts; members are created by `created`, if given. */
function makeAccounts(seed: number, created?: (random: Random) => number): SimulatedAccount[] {
  const random = new Random(1000 + seed);
  const honest = () =>
    WINDOW.fromMs -
    (random.bernoulli(0.33)
      ? 50 * (1 + random.integer(3)) * DAY_MS + random.uniform() * DAY_MS
      : 200 * DAY_MS * random.exponential());
  return Array.from({ length: 200 }, (_, i) => ({
    member: i < MEMBERS,
    createdAtMs: Math.max(1, Math.floor(i < MEMBERS && created ? created(random) : honest())),
    requests: [{ atMs: WINDOW.fromMs + i }],
  }));
}

it('names p < 0.05 for honest accounts no more often than in one world of twenty', async () => {
  const { alarms, tooMany } = await countFalseAlarms(signUpCohort, 400, (seed) =>
    makeEvidence(makeAccounts(seed)),
  );
  expect(tooMany, `${alarms} of 400`).toBe(false);
});

it('sees half of a pool opened in one evening', async () => {
  const evidence = await makeEvidence(
    makeAccounts(
      1,
      (random) =>
        WINDOW.fromMs -
        (random.bernoulli(0.6) ? 9 * DAY_MS : 300 * DAY_MS * random.uniform()) +
        6 * HOUR_MS * random.uniform(),
    ),
  );
  const { effect } = signUpCohort.measure(evidence)!;
  expect(effect.value).toBeLessThan(0.25);
  expect(effect.reference).toBeGreaterThan(20);
  expect(readLog10P(signUpCohort, evidence)).toBe(-3);
});

it('is silent without creation times', async () => {
  const accounts = makeAccounts(1).map((account) => ({ ...account, createdAtMs: 0 }));
  expect(signUpCohort.measure(await makeEvidence(accounts))).toBeNull();
});
