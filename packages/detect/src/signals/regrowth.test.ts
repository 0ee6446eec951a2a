import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { regrowth } from './regrowth.js';
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

const BAN_MS = WINDOW.fromMs + 5 * DAY_MS;

/**
 * 200 accounts that come and go, 40 of them members. Half of all joins and leaves fall into the hours of an outage on day 4
 * and an offer on day 5, so that honest groups have coincidences too. With `hydra`, 15 members are banned at once and 15 replace them.
 */
function makeAccounts(seed: number, hydra = false): SimulatedAccount[] {
  const random = new Random(1000 + seed);
  const { fromMs, toMs } = WINDOW;
  return Array.from({ length: 200 }, (_, i) => {
    const member = i < 40;
    const churn = random.integer(4);
    let from =
      churn === 1
        ? fromMs + (random.bernoulli(0.5) ? 5 + 0.2 * random.uniform() : 9 * random.uniform()) * DAY_MS
        : fromMs;
    let to =
      churn === 2
        ? fromMs + (random.bernoulli(0.5) ? 4 + 0.2 * random.uniform() : 1 + 8 * random.uniform()) * DAY_MS
        : toMs;
    if (hydra && member) {
      from = i < 15 ? BAN_MS + (i + 1) * 2 * HOUR_MS : fromMs;
      to = i >= 15 && i < 30 ? BAN_MS : toMs;
    }
    return {
      member,
      requests: [from, to - 1, ...drawTimes(random, 20 + random.integer(30), from, to)].map((atMs) => ({
        atMs,
      })),
    };
  });
}

it('names p < 0.05 for honest accounts no more often than in one world of twenty', async () => {
  const { alarms, tooMany } = await countFalseAlarms(regrowth, 400, (seed) =>
    makeEvidence(makeAccounts(seed)),
  );
  expect(tooMany, `${alarms} of 400`).toBe(false);
});

it('sees 15 banned accounts replaced by 15 new ones', async () => {
  const evidence = await makeEvidence(makeAccounts(1, true));
  const { effect } = regrowth.measure(evidence)!;
  expect(effect.value).toBeCloseTo(15 / 40, 1);
  expect(effect.reference).toBeLessThan(0.2);
  expect(readLog10P(regrowth, evidence)).toBe(-3);
});

it('is silent when fewer than five were replaced', async () => {
  const accounts = makeAccounts(1, true).map((account, i) => ({ ...account, member: i >= 11 && i < 19 }));
  expect(regrowth.measure(await makeEvidence(accounts))).toBeNull();
});
