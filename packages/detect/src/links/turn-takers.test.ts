import type { AccountFacts, Arrivals, TelemetryReader } from '@phalanx/domain';
import { Random } from '@phalanx/stats';
import { beforeAll, describe, expect, it } from 'vitest';
import { Population } from '../population/population.js';
import { proposeTurnTakers } from './turn-takers.js';

const ACCOUNTS = 600;
const DAY = 24;
let population: Population;
beforeAll(async () => {
  const reader: Partial<TelemetryReader> = {
    accountActivity: async () =>
      ({ account: BigUint64Array.from({ length: ACCOUNTS }, (_, a) => BigInt(a + 1)) }) as never,
    accountFacts: async () => ({ account: new BigUint64Array(0) }) as AccountFacts,
  };
  population = await Population.load(reader as TelemetryReader, { fromMs: 0, toMs: 1 });
});

type Event = readonly [hour: number, account: number];

/** Accounts that come by themselves, `rate` a day, gaps gamma of the given shape. */
function independent(from: number, to: number, random: Random, shape: number, rate: () => number): Event[] {
  return Array.from({ length: to - from }, (_, i) => from + i).flatMap((account) => {
    const mean = DAY / rate();
    const events: Event[] = [];
    for (let at = random.uniform() * mean; at < DAY; at += (random.gamma(shape) * mean) / shape)
      events.push([at, account]);
    return events;
  });
}

/** A pool whose load, in bursts and with a night, is dealt out in turn. */
function dealt(from: number, to: number, random: Random, rate: number): Event[] {
  const n = Math.round((to - from) * rate);
  const times = Array.from({ length: n }, () => {
    const burst = 0.2 * random.exponential();
    return (DAY / 2) * (1 + 0.95 * Math.sin(Math.PI * (random.uniform() - 0.5))) + burst;
  }).sort((a, b) => a - b);
  return times.map((at, i) => [at, from + (i % (to - from))]);
}

function arrivals(events: readonly Event[]): Arrivals {
  const sorted = [...events].sort((a, b) => a[0] - b[0]);
  return {
    atMs: Float64Array.from(sorted, ([hour]) => hour),
    account: BigUint64Array.from(sorted, ([, account]) => BigInt(account + 1)),
  };
}
const heavyTailed = (random: Random) => () => 4 * Math.exp(1.2 * random.normal()) + 4;

describe('accounts used in turn', () => {
  it('are proposed after a day, nearly all and nobody else, be they half of the traffic', () => {
    const random = new Random(1);
    const events = [...dealt(0, 300, random, 26), ...independent(300, 600, random, 0.7, heavyTailed(random))];
    const [pool, ...others] = proposeTurnTakers(population, arrivals(events), 30);
    expect(pool!.members.length).toBeGreaterThan(270);
    expect([...pool!.members].every((a) => a < 300)).toBe(true);
    expect(others).toEqual([]);
  });

  it('are told apart by how often each is used', () => {
    const random = new Random(2);
    const events = [
      ...dealt(0, 100, random, 20),
      ...dealt(100, 300, random, 40),
      ...independent(300, 600, random, 1, heavyTailed(random)),
    ];
    const pools = proposeTurnTakers(population, arrivals(events), 30);
    expect(pools).toHaveLength(2);
    for (const { members } of pools) expect(new Set([...members].map((a) => a < 100)).size).toBe(1);
  });

  it.each([0.5, 1, 2, 4])(
    'are not clients that come by themselves, gaps of shape %s, however many',
    (shape) => {
      const random = new Random(3);
      const events = independent(0, 600, random, shape, () => 26);
      expect(proposeTurnTakers(population, arrivals(events), 30)).toEqual([]);
    },
  );

  it('are nobody where nothing was sent, or too little', () => {
    expect(proposeTurnTakers(population, arrivals([]), 30)).toEqual([]);
    expect(proposeTurnTakers(population, arrivals(dealt(0, 300, new Random(4), 4)), 30)).toEqual([]);
  });
});
