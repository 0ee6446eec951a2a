import type { InterventionRecord } from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { randomisedIntervention } from './randomised-intervention.js';
import {
  countFalseAlarms,
  DAY_MS,
  drawTimes,
  makeEvidence,
  readLog10P,
  WINDOW,
} from './simulated-evidence.test.support.js';

const FROM_MS = WINDOW.fromMs + 5 * DAY_MS;
const TO_MS = FROM_MS + DAY_MS;

/** `size` members of unequal, growing load, half of them delayed for a day by a random draw; `moved`: share of their load that moves. */
function simulate(seed: number, size: number, moved = 0, changes: Partial<InterventionRecord> = {}) {
  const random = new Random(1000 + seed);
  const order = random.shuffle(Array.from({ length: size }, (_, i) => i));
  const delayed = new Set(order.slice(0, size / 2));
  const left = order.slice(size / 2);
  const requests = Array.from({ length: size }, () => [
    ...drawTimes(random, Math.floor(4 + 40 * random.exponential()), FROM_MS - DAY_MS, FROM_MS),
    ...drawTimes(random, Math.floor(6 + 40 * random.exponential()), FROM_MS, TO_MS),
  ]);
  for (const i of delayed)
    requests[i] = requests[i]!.filter((atMs) => {
      if (atMs < FROM_MS || !random.bernoulli(moved)) return true;
      requests[left[random.integer(left.length)]!]!.push(atMs);
      return false;
    });
  const interventions = order.map(
    (i): InterventionRecord => ({
      id: `${i}`,
      account: BigInt(i + 1),
      kind: 'delay',
      arm: delayed.has(i) ? 'treated' : 'control',
      fromMs: FROM_MS,
      toMs: TO_MS,
      ...changes,
    }),
  );
  const accounts = requests.map((times) => ({ member: true, requests: times.map((atMs) => ({ atMs })) }));
  return makeEvidence(accounts, { interventions });
}

it.each([8, 40])(
  'names p < 0.05 for honest accounts no more often than in one world of twenty: %i accounts',
  async (size) => {
    const { alarms, tooMany } = await countFalseAlarms(randomisedIntervention, 400, (seed) =>
      simulate(seed, size),
    );
    expect(tooMany, `${alarms} of 400`).toBe(false);
  },
);

it('sees load that moves to the accounts left alone', async () => {
  const evidence = await simulate(1, 40, 0.9);
  const { effect, sentence } = randomisedIntervention.measure(evidence)!;
  expect(effect.value).toBeGreaterThan(1);
  expect(sentence).toMatch(/20 accounts .* by -\d+ % .* 20 left alone by \+\d+ %/);
  expect(readLog10P(randomisedIntervention, evidence)).toBe(-3);
});

it('enumerates a small draw', async () => {
  expect(randomisedIntervention.measure(await simulate(1, 8))!.sentence).toContain('all 70 possible draws');
});

it('is silent without a draw at random, without both arms, and where the log does not reach', async () => {
  const silent = async (changes: Partial<InterventionRecord>) =>
    expect(randomisedIntervention.measure(await simulate(1, 40, 0.9, changes))).toBeNull();
  await silent({ arm: '' });
  await silent({ arm: 'treated' });
  await silent({ kind: 'suspend' });
  await silent({ fromMs: WINDOW.toMs, toMs: WINDOW.toMs + DAY_MS });
  await silent({ fromMs: WINDOW.fromMs, toMs: FROM_MS });
});
