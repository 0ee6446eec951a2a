import { Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import {
  addCounts,
  columnTotals,
  emptyCounts,
  fromTriplets,
  type SparseCounts,
} from '../population/sparse-counts.js';
import { proposeEvenMixtures } from './even-mixture.js';
import { MemoryScore, proposeMemoryless } from './memoryless.js';

const HONEST = 300;
const POOLED = 60;
const CELLS = 400;
const DAYS = 5;

/** One day: honest accounts ask from two cells of their own, pooled ones from whatever customer comes next. */
function day(random: Random, pooled: number): SparseCounts {
  const row: number[] = [];
  const column: number[] = [];
  for (let a = 0; a < HONEST + pooled; a++)
    for (let i = 0; i < 25; i++) {
      const customer = a < HONEST ? a : Math.floor(random.uniform() * HONEST);
      row.push(a);
      column.push((customer * 7 + (random.uniform() < 0.7 ? 0 : 11)) % CELLS);
    }
  return fromTriplets(
    HONEST + pooled,
    CELLS,
    row,
    column,
    row.map(() => 1),
  );
}

function propose(pooled: number) {
  const random = new Random(1);
  const memory = new MemoryScore(HONEST + pooled);
  let before = emptyCounts(HONEST + pooled, CELLS);
  let history = before;
  let last = before;
  for (let d = 0; d < DAYS; d++) {
    last = day(random, pooled);
    before = history;
    const totals = columnTotals(addCounts(history, last));
    const sum = totals.reduce((a, b) => a + b, 0);
    memory.addDay(
      history,
      last,
      totals.map((n) => (n + 0.5) / (sum + 0.5 * CELLS)),
    );
    history = addCounts(history, last);
  }
  return {
    even: proposeEvenMixtures(history, { minAccounts: 30, minExchanges: 10, maxGroups: 3 }),
    forgetful: proposeMemoryless(memory, before, last, 30),
  };
}

it('both links propose most of the pool and nobody else after five days', () => {
  const { even, forgetful } = propose(POOLED);
  for (const proposals of [even, forgetful]) {
    expect(proposals).toHaveLength(1);
    expect(proposals[0]!.members.filter((a) => a >= HONEST).length).toBeGreaterThan(POOLED / 2);
    expect(proposals[0]!.members.every((a) => a >= HONEST)).toBe(true);
  }
});

it('neither proposes anything among accounts of their own', () => {
  const { even, forgetful } = propose(0);
  expect(even).toEqual([]);
  expect(forgetful).toEqual([]);
});
