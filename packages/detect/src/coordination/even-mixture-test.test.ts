import { EProcess, logBinomialUpperTail, Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { addCounts, columnTotals, emptyCounts, fromTriplets } from '../population/sparse-counts.js';
import { stepEvenMixture } from './even-mixture-test.js';

const CELLS = 60;
const MEMBERS = 40;
const SLOTS = 4;
const ZIPF = Float64Array.from({ length: CELLS }, (_, c) => 1 / (c + 1)).map((w, _, all) => w / sum(all));
const VOLUMES: Record<string, (random: Random) => number> = {
  steady: () => 20,
  small: () => 5,
  tiny: (random) => 1 + random.integer(2),
  'heavy-tailed': (random) => Math.ceil(random.lognormal(1.5, 1.5)),
};

interface World {
  readonly volume: keyof typeof VOLUMES;
  /** The mix around which members' tastes lie; everybody's by default. */
  readonly base?: (random: Random) => Float64Array;
  readonly taste: (random: Random, base: Float64Array) => Float64Array;
  /** A member's taste in the next slot. */
  readonly next?: (random: Random, taste: Float64Array, base: Float64Array) => Float64Array;
  readonly strangers?: number;
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}

function around(base: Float64Array, concentration: number, random: Random): Float64Array {
  return random.dirichlet(base.map((b) => concentration * b));
}

/** The e-process of the first accounts of a world over three slots, after one slot of past. */
function follow({ volume, base, taste, next, strangers = 0 }: World, seed: number): EProcess {
  const random = new Random(seed);
  const own = base?.(random) ?? ZIPF;
  const accounts = MEMBERS + strangers;
  const members = Int32Array.from({ length: MEMBERS }, (_, m) => m);
  const rates = Array.from({ length: accounts }, () => VOLUMES[volume]!(random));
  const tastes = rates.map((_, a) => (a < MEMBERS ? taste(random, own) : around(ZIPF, 2, random)));
  const evidence = new EProcess();
  let history = emptyCounts(accounts, CELLS);
  for (let s = 0; s < SLOTS; s++) {
    const cells: [number, number, number][] = [];
    for (let a = 0; a < accounts; a++) {
      if (s > 0 && a < MEMBERS && next) tastes[a] = next(random, tastes[a]!, own);
      random.multinomial(rates[a]!, tastes[a]!).forEach((n, c) => {
        if (n > 0) cells.push([a, c, n]);
      });
    }
    const [row, column, count] = [0, 1, 2].map((part) => cells.map((cell) => cell[part]!));
    const slot = fromTriplets(accounts, CELLS, row!, column!, count!);
    const mix = columnTotals(history).map((n) => n + 0.5);
    const population = mix.map((n) => n / sum(mix));
    if (s > 0) evidence.add(stepEvenMixture(members, history, slot, population));
    history = addCounts(history, slot);
  }
  return evidence;
}

/** Under the null an e-process ever reaches x with probability at most 1/x; the count of runs may pass that by chance 1 in 1,000. */
function expectHonest(world: World, runs: number): void {
  const peaks = Array.from({ length: runs }, (_, i) => follow(world, 1000 + i).logRunningMaximumNotForEbh);
  for (const x of [10, 100]) {
    const reached = peaks.filter((peak) => peak >= Math.log(x)).length;
    expect(logBinomialUpperTail(reached, runs, 1 / x), `${reached} of ${runs} reach ${x}`).toBeGreaterThan(
      Math.log(0.001),
    );
  }
}

const volumes = Object.keys(VOLUMES);

it.each(volumes)('grants independent accounts of every concentration up to 30 at %s volume', (volume) => {
  for (const concentration of [0.7, 2, 9, 20, 30])
    expectHonest({ volume, taste: (random, base) => around(base, concentration, random) }, 20);
  expectHonest(
    { volume, taste: (random, base) => around(base, [0.7, 2, 9, 20, 30][random.integer(5)]!, random) },
    20,
  );
});

it.each([
  ['steady', 30],
  ['heavy-tailed', 30],
  ['small', 30],
  ['tiny', 9],
])(
  'grants a campus, whose accounts lie around a mix of their own, at %s volume and concentration %i',
  (volume, concentration) => {
    const base = (random: Random) => around(ZIPF, 5, random);
    const taste = (random: Random, mix: Float64Array) => around(mix, concentration, random);
    expectHonest({ volume, base, taste, strangers: 120 }, 60);
  },
);

it.each(volumes)('grants tastes that drift or turn to one new subject at %s volume', (volume) => {
  for (const [concentration, share] of [
    [0.7, 0.1],
    [9, 0.1],
    [1, 0.5],
    [1, 1],
  ] as const) {
    const taste = (random: Random, base: Float64Array) => around(base, concentration, random);
    const next = (random: Random, old: Float64Array, base: Float64Array) => {
      const fresh = taste(random, base);
      return old.map((p, c) => (1 - share) * p + share * fresh[c]!);
    };
    expectHonest({ volume, taste, next }, 20);
  }
});

it('is certain of accounts that draw afresh from one mixture, even where sessions stay on one account', () => {
  const base = (random: Random) => around(ZIPF, 5, random);
  for (let seed = 1; seed <= 5; seed++) {
    const evenly = follow({ volume: 'steady', base, taste: (_, mix) => mix, strangers: 120 }, seed);
    const sessions = (random: Random, mix: Float64Array) => around(mix, 12, random);
    const fresh = {
      taste: sessions,
      next: (random: Random, _: Float64Array, mix: Float64Array) => sessions(random, mix),
    };
    const inSessions = follow({ volume: 'steady', base, ...fresh, strangers: 120 }, seed);
    for (const evidence of [evenly, inSessions]) expect(evidence.logE).toBeGreaterThan(Math.log(1e6));
  }
});

it('says nothing of a slot without traffic', () => {
  const history = fromTriplets(2, 2, [0, 1], [0, 1], [9, 9]);
  const slot = fromTriplets(2, 2, [], [], []);
  expect(stepEvenMixture(Int32Array.of(0, 1), history, slot, Float64Array.of(0.5, 0.5))).toBe(0);
});
