import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import {
  countFalseAlarms,
  DAY_MS,
  drawTimes,
  HOUR_MS,
  makeEvidence,
  readLog10P,
  type SimulatedAccount,
  WINDOW,
} from './simulated-evidence.test.support.js';
import { synchronisedSessions } from './synchronised-sessions.js';

/** 150 accounts of unequal volume, each at work for eight hours from an hour of its own; `members` replaces 30 of them. */
function makeAccounts(seed: number, member?: (random: Random) => number[]): SimulatedAccount[] {
  const random = new Random(1000 + seed);
  return Array.from({ length: 150 }, (_, i) => {
    const hour = random.integer(24);
    const count = 10 + random.integer(30);
    const honest = Array.from(
      { length: count },
      () => WINDOW.fromMs + random.integer(9) * DAY_MS + (hour + 8 * random.uniform()) * HOUR_MS,
    );
    const times = i < 30 && member ? member(random) : honest;
    return { member: i < 30, requests: times.map((atMs) => ({ atMs: Math.floor(atMs) })) };
  });
}

it('names p < 0.05 for honest accounts no more often than in one world of twenty', async () => {
  const { alarms, tooMany } = await countFalseAlarms(synchronisedSessions, 200, (seed) =>
    makeEvidence(makeAccounts(seed)),
  );
  expect(tooMany, `${alarms} of 200`).toBe(false);
});

it('sees accounts that work in the same hours of the night', async () => {
  const bursts = drawTimes(new Random(5), 30);
  const evidence = await makeEvidence(
    makeAccounts(2, (random) =>
      Array.from({ length: 25 }, () => bursts[random.integer(30)]! + HOUR_MS * random.uniform()),
    ),
  );
  const { effect } = synchronisedSessions.measure(evidence)!;
  expect(effect.value).toBeGreaterThan(2 * effect.reference!);
  expect(readLog10P(synchronisedSessions, evidence)).toBe(-3);
});

it('is silent when nobody can be compared with, or hardly anybody was active', async () => {
  const accounts = makeAccounts(3);
  expect(synchronisedSessions.measure(await makeEvidence(accounts.slice(0, 40)))).toBeNull();
  const idle = accounts.map(({ member, requests }) => ({ member, requests: requests.slice(0, 2) }));
  expect(synchronisedSessions.measure(await makeEvidence(idle))).toBeNull();
});
