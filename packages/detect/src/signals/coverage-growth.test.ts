import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import type { Component } from '../demand/component.js';
import { coverageGrowth } from './coverage-growth.js';
import {
  countFalseAlarms,
  drawTimes,
  makeEvidence,
  readLog10P,
  type SimulatedAccount,
} from './simulated-evidence.test.support.js';

const LIST: Component = { kind: 'form', name: 'list', family: 1, matches: (form) => form === 999 };

/** 150 accounts with vocabularies and habits of unequal width; a share `listed` of the members' requests goes through a list. */
function makeAccounts(seed: number, listed = 0): SimulatedAccount[] {
  const random = new Random(1000 + seed);
  let next = 0;
  return Array.from({ length: 150 }, (_, i) => {
    const interests = 3 + random.integer(60);
    const home = random.integer(2000);
    const requests = drawTimes(random, 12 + random.integer(24)).map((atMs) => {
      const kind = random.bernoulli(0.5) ? 999 : random.integer(40);
      if (i < 30 && random.bernoulli(listed)) {
        next += 8;
        return { atMs, shape: 999, topics: Array.from({ length: 8 }, (_, w) => 10_000 + next + w) };
      }
      const topics = Array.from(
        { length: 8 },
        () => 1 + home + Math.floor(interests * random.uniform() ** 2),
      );
      return { atMs, shape: kind, topics };
    });
    return { member: i < 30, requests };
  });
}

it.each([
  ['all requests', []],
  ['requests of one kind', [LIST]],
])(
  'names p < 0.05 for honest accounts no more often than in one world of twenty: %s',
  async (_, decisive) => {
    const { alarms, tooMany } = await countFalseAlarms(coverageGrowth, 100, (seed) =>
      makeEvidence(makeAccounts(seed), { decisive }),
    );
    expect(tooMany, `${alarms} of 100`).toBe(false);
  },
);

it('sees that a third of the requests walks through a list', async () => {
  const evidence = await makeEvidence(makeAccounts(1, 0.33), { decisive: [LIST] });
  const { effect, sentence } = coverageGrowth.measure(evidence)!;
  expect(sentence).toMatch(/kind that decided.* random groups/);
  expect(effect.value).toBeGreaterThan(0.75);
  expect(effect.reference).toBeLessThan(effect.value - 0.2);
  expect(readLog10P(coverageGrowth, evidence)).toBeLessThan(-2);
});

it('compares without a test where nobody else asks of the kind, and is silent with few or without words', async () => {
  const accounts = makeAccounts(1).map((account) => ({
    ...account,
    requests: account.requests.map((r) => ({ ...r, shape: account.member ? r.shape : 1 })),
  }));
  const evidence = await makeEvidence(accounts, { decisive: [LIST] });
  const { effect, sentence } = coverageGrowth.measure(evidence)!;
  expect(sentence).toContain('no test');
  expect(effect.value).toBeGreaterThan(0);
  const few = accounts.map(({ member, requests }) => ({ member, requests: requests.slice(0, 3) }));
  expect(coverageGrowth.measure(await makeEvidence(few))).toBeNull();
  const mute = accounts.map(({ member, requests }) => ({
    member,
    requests: requests.map(({ atMs }) => ({ atMs })),
  }));
  expect(coverageGrowth.measure(await makeEvidence(mute))).toBeNull();
});
