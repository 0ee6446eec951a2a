import type { Arrivals } from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { stepTurnTaking, turnIrregularity, wallIrregularity } from './turn-taking.js';

const ROUNDS = 8;
const HOUR_MS = 3_600_000;

function sorted(events: [number, number][]): Arrivals {
  events.sort((a, b) => a[0] - b[0]);
  return {
    atMs: Float64Array.from(events, (e) => e[0]),
    account: BigUint64Array.from(events, (e) => BigInt(e[1])),
  };
}

/** A pool whose load comes in bursts, dealt out in turn. */
function dealt(accounts: number, seed: number): Arrivals {
  const random = new Random(seed);
  let at = 0;
  const order = Array.from({ length: accounts * ROUNDS }, (_, i): [number, number] => {
    at += random.exponential() * (Math.floor(i / 40) % 5 === 0 ? 0.1 : 2);
    return [at, i % accounts];
  });
  return sorted(order.map(([t, account]) => [(t / at) * HOUR_MS, account]));
}

function independent(accounts: number, seed: number, first = 0): Arrivals {
  const random = new Random(seed);
  return sorted(
    Array.from({ length: accounts * ROUNDS }, (): [number, number] => [
      random.uniform() * HOUR_MS,
      first + Math.floor(random.uniform() * accounts),
    ]),
  );
}

/** Strangers of one owner that poll at equal intervals from random phases. */
function clockwork(accounts: number, seed: number): Arrivals {
  const random = new Random(seed);
  const phases = Array.from({ length: accounts }, () => random.uniform());
  return sorted(
    phases.flatMap((phase, a) =>
      Array.from({ length: ROUNDS }, (_, k): [number, number] => [((k + phase) / ROUNDS) * HOUR_MS, a]),
    ),
  );
}

function test(own: Arrivals, strangers: readonly Arrivals[]) {
  return stepTurnTaking(turnIrregularity(own, own), [
    ...strangers.map((group) => turnIrregularity(own, group)),
    wallIrregularity(own),
  ]);
}

it('finds a pool that takes turns under a bursty load', () => {
  const { logE, asked, regular } = test(dealt(60, 1), [independent(60, 2, 1000), independent(60, 3, 2000)]);
  expect(regular).toBe(asked);
  expect(asked).toBeGreaterThan(50);
  expect(logE).toBeGreaterThan(100);
});

it('concedes far more than chance: independent arrivals and clockwork pass less often than 1 in 50', () => {
  for (const make of [independent, clockwork]) {
    let asked = 0;
    let regular = 0;
    for (let seed = 10; seed < 50; seed++) {
      const strangers = [independent(60, 100 + seed, 1000), independent(60, 200 + seed, 2000)];
      const result = test(make(60, seed), strangers);
      asked += result.asked;
      regular += result.regular;
      expect(result.logE).toBeLessThan(Math.log(100));
    }
    expect(asked).toBeGreaterThan(1000);
    expect(regular / asked).toBeLessThan(0.02);
  }
});
