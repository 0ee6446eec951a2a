import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { releasePivot } from './release-pivot.js';
import {
  countFalseAlarms,
  DAY_MS,
  drawTimes,
  makeEvidence,
  readLog10P,
  type SimulatedAccount,
  WINDOW,
} from './simulated-evidence.test.support.js';

const RELEASE_MS = WINDOW.fromMs + 4 * DAY_MS;

/** 150 accounts; a third tries the model that comes on day 4, each with zeal of its own; 30 members with `zeal`, if given. */
function makeAccounts(seed: number, zeal?: number): SimulatedAccount[] {
  const random = new Random(1000 + seed);
  return Array.from({ length: 150 }, (_, i) => {
    const own = random.bernoulli(0.33) ? random.uniform() : 0;
    const share = i < 30 && zeal !== undefined ? zeal : own;
    const requests = drawTimes(random, 40 + random.integer(40)).map((atMs) => ({
      atMs,
      model: atMs >= RELEASE_MS && random.bernoulli(share) ? 2n : 1n,
    }));
    return { member: i < 30, requests };
  });
}

it('names p < 0.05 for honest accounts no more often than in one world of twenty', async () => {
  const { alarms, tooMany } = await countFalseAlarms(releasePivot, 200, (seed) =>
    makeEvidence(makeAccounts(seed)),
  );
  expect(tooMany, `${alarms} of 200`).toBe(false);
});

it('sees accounts that send most requests to the new model at once', async () => {
  const evidence = await makeEvidence(makeAccounts(1, 0.8));
  const { effect, sentence } = releasePivot.measure(evidence)!;
  expect(sentence).toContain(new Date(RELEASE_MS).toISOString().slice(0, 10));
  expect(effect.value).toBeGreaterThan(0.7);
  expect(effect.reference).toBeLessThan(0.45);
  expect(readLog10P(releasePivot, evidence)).toBe(-3);
});

it('is silent without names of models, and when no model is new', async () => {
  const withModels = (model: (atMs: number) => bigint) =>
    makeEvidence(
      makeAccounts(1, 0.8).map(({ member, requests }) => ({
        member,
        requests: requests.map(({ atMs }) => ({ atMs, model: model(atMs) })),
      })),
    );
  expect(releasePivot.measure(await withModels(() => 0n))).toBeNull();
  expect(releasePivot.measure(await withModels((atMs) => BigInt(1 + (atMs % 2))))).toBeNull();
  expect(releasePivot.measure(await withModels((atMs) => (atMs < RELEASE_MS ? 1n : 0n)))).toBeNull();
});
