import type { ExchangeSample } from '@phalanx/domain';
import { EProcess, logBinomialUpperTail, Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { ComponentCounter } from './component-counts.js';
import { type ComponentCounts, stepComponentEvenness } from './component-evenness.js';

const MEMBERS = 60;
const SLOTS = 4;
const RUNS = 40;
const VOLUMES: Readonly<Record<string, (random: Random) => number>> = {
  steady: () => 20,
  large: () => 150,
  small: () => 5,
  tiny: (random) => 1 + random.integer(2),
  'heavy-tailed': (random) => Math.ceil(random.lognormal(1.5, 1.5)),
};

/** One member: what it asks inside the component and in all, slot after slot. */
type Member = () => [inside: number, all: number];

/** The e-process of members over three slots, after one of past. */
function follow(member: (random: Random) => Member, seed: number): EProcess {
  const random = new Random(seed);
  const members = Array.from({ length: MEMBERS }, () => member(random));
  const evidence = new EProcess();
  const pastInside = new Float64Array(MEMBERS);
  const pastAll = new Float64Array(MEMBERS);
  for (let s = 0; s < SLOTS; s++) {
    const asked = members.map((ask) => ask());
    const slotInside = Float64Array.from(asked, ([inside]) => inside);
    const slotAll = Float64Array.from(asked, ([, all]) => all);
    if (s > 0) evidence.add(stepComponentEvenness({ pastInside, pastAll, slotInside, slotAll }));
    for (let m = 0; m < MEMBERS; m++) {
      pastInside[m]! += slotInside[m]!;
      pastAll[m]! += slotAll[m]!;
    }
  }
  return evidence;
}

/** Every member keeps one share of its own for the component. */
function ownShare(volume: (random: Random) => number, draw: (random: Random) => number) {
  return (random: Random): Member => {
    const rate = volume(random);
    const share = draw(random);
    return () => {
      const all = random.poisson(rate);
      return [random.binomial(all, share), all];
    };
  };
}

/** Under the null an e-process ever reaches x with probability at most 1/x; the count of runs may pass that by chance 1 in 1,000. */
function expectHonest(volume: string, draw: (random: Random) => number): void {
  const member = ownShare(VOLUMES[volume]!, draw);
  const peaks = Array.from({ length: RUNS }, (_, i) => follow(member, 1000 + i).logRunningMaximumNotForEbh);
  for (const x of [10, 100]) {
    const reached = peaks.filter((peak) => peak >= Math.log(x)).length;
    expect(logBinomialUpperTail(reached, RUNS, 1 / x), `${reached} of ${RUNS} reach ${x}`).toBeGreaterThan(
      Math.log(0.001),
    );
  }
}

describe('accounts with tastes of their own', () => {
  const around = (mean: number, concentration: number) => (random: Random) =>
    random.beta(concentration * mean, concentration * (1 - mean));

  it.each(['steady', 'large', 'heavy-tailed'])(
    'are granted concentrations up to 19 at %s volume',
    (volume) => {
      expectHonest(volume, around(0.1, 0.7));
      expectHonest(volume, around(0.1, 9));
      for (const mean of [0.02, 0.1, 0.4]) expectHonest(volume, around(mean, 19));
    },
  );

  it.each(['small', 'tiny'])(
    'are granted strong tastes, and weak ones for a common thing, at %s volume',
    (volume) => {
      for (const mean of [0.02, 0.1, 0.4]) expectHonest(volume, around(mean, 2));
      expectHonest(volume, around(0.4, 19));
    },
  );

  it.each(Object.keys(VOLUMES))(
    'are granted unlike tastes, and none for half of them, at %s volume',
    (volume) => {
      expectHonest(volume, (random) => around(0.1, [0.7, 2, 9, 19][random.integer(4)]!)(random));
      expectHonest(volume, (random) => around(random.bernoulli(0.5) ? 0.05 : 0.4, 19)(random));
      expectHonest(volume, (random) => (random.bernoulli(0.5) ? 1e-4 : around(0.2, 19)(random)));
    },
  );
});

it('is certain of a component dealt in equal numbers beside traffic that varies', () => {
  const dealt = (random: Random) => (): [number, number] => {
    const inside = random.poisson(6);
    return [inside, inside + Math.ceil(random.lognormal(3, 1.2))];
  };
  for (let seed = 1; seed <= 5; seed++) expect(follow(dealt, seed).logE).toBeGreaterThan(Math.log(1e6));
});

it('gains from equal shares of equal traffic', () => {
  const alike = ownShare(VOLUMES.steady!, () => 0.1);
  for (let seed = 1; seed <= 5; seed++) expect(follow(alike, seed).logE).toBeGreaterThan(Math.log(1000));
});

it('says nothing where ten members or five past requests are missing', () => {
  const counts = (active: number, past: number): ComponentCounts => ({
    pastInside: Float64Array.from({ length: 20 }, (_, m) => (m === 0 ? past : 0)),
    pastAll: new Float64Array(20).fill(10),
    slotInside: Float64Array.from({ length: 20 }, (_, m) => (m < active ? 1 : 0)),
    slotAll: Float64Array.from({ length: 20 }, (_, m) => (m < active ? 10 : 0)),
  });
  expect(stepComponentEvenness(counts(9, 20))).toBe(0);
  expect(stepComponentEvenness(counts(20, 4))).toBe(0);
  expect(stepComponentEvenness(counts(10, 5))).not.toBe(0);
});

it('counts what members ask inside and in all, each slot against everything before it', () => {
  const sample = (...rows: [account: bigint, parameters: bigint][]) =>
    ({
      account: BigUint64Array.from(rows, (row) => row[0]),
      parameters: BigUint64Array.from(rows, (row) => row[1]),
      systemHash: new BigUint64Array(rows.length),
    }) as ExchangeSample;
  const signature = { kind: 'signature', name: '', parameters: 7n, systemHash: 0n } as const;
  const counter = new ComponentCounter(
    signature,
    BigUint64Array.of(1n, 2n),
    sample([1n, 7n], [1n, 8n], [3n, 7n]),
  );
  const lists = (counts: ComponentCounts) => Object.values(counts).map((list) => [...list]);
  const [first, second] = [sample([2n, 7n], [2n, 7n], [3n, 7n]), sample([1n, 8n])].map((slot) =>
    counter.step(slot),
  );
  // In order: past inside, past in all, slot inside, slot in all.
  expect(lists(first!)).toEqual([
    [1, 0],
    [2, 0],
    [0, 2],
    [0, 2],
  ]);
  expect(lists(second!)).toEqual([
    [1, 2],
    [2, 2],
    [0, 0],
    [1, 0],
  ]);
});
