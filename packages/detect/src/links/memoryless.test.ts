import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { addCounts, emptyCounts, fromTriplets, type SparseCounts } from '../population/sparse-counts.js';
import { MemoryScore, proposeMemoryless } from './memoryless.js';

const CELLS = 80;
const MIX = new Float64Array(CELLS).fill(1 / CELLS);

/** What each account asks on a day, as cells. */
function dayOf(accounts: readonly (readonly number[])[]): SparseCounts {
  const row = accounts.flatMap((cells, a) => cells.map(() => a));
  return fromTriplets(
    accounts.length,
    CELLS,
    row,
    accounts.flat(),
    row.map(() => 1),
  );
}

describe('the score of an account', () => {
  const random = new Random(3);
  const others = () =>
    Array.from({ length: 12 }, () => new Array<number>(5).fill(random.integer(CELLS))).flat();
  const subject = () => new Array<number>(60).fill(random.integer(CELLS));
  const habits = () => Array.from({ length: 60 }, () => 7 * random.integer(4));

  it('rises when every day brings sessions of other customers, falls when days are alike or about one new subject', () => {
    const memory = new MemoryScore(3);
    let history = dayOf([others(), habits(), subject()]);
    for (let d = 0; d < 6; d++) {
      const day = dayOf([others(), habits(), subject()]);
      memory.addDay(history, day, MIX);
      history = addCounts(history, day);
    }
    expect(memory.score[0]!).toBeGreaterThan(5);
    expect(memory.score[1]!).toBeLessThan(-5);
    expect(memory.score[2]!).toBeLessThan(-5);
  });

  it('stays where it is without a past, and on a day without traffic', () => {
    const memory = new MemoryScore(2);
    memory.addDay(dayOf([others(), []]), dayOf([[], others()]), MIX);
    expect([...memory.score]).toEqual([0, 0]);
  });

  it('does not mix up the pasts of accounts', () => {
    const pasts = [habits(), others()];
    const days = [habits(), habits()];
    const together = new MemoryScore(2);
    together.addDay(dayOf(pasts), dayOf(days), MIX);
    pasts.forEach((past, a) => {
      const alone = new MemoryScore(1);
      alone.addDay(dayOf([past]), dayOf([days[a]!]), MIX);
      expect(together.score[a]).toBe(alone.score[0]);
    });
  });
});

describe('a proposal', () => {
  function propose(scores: readonly number[], mixOf: (account: number) => number = () => 0) {
    const random = new Random(5);
    const memory = new MemoryScore(scores.length);
    memory.score.set(scores);
    const day = () =>
      dayOf(scores.map((_, a) => Array.from({ length: 30 }, () => 20 * mixOf(a) + random.integer(20))));
    const history = addCounts(emptyCounts(scores.length, CELLS), day());
    return proposeMemoryless(memory, history, day(), 30);
  }
  const scores = (...groups: readonly (readonly [accounts: number, score: number])[]) =>
    groups.flatMap(([accounts, score]) => new Array<number>(accounts).fill(score));

  it('needs enough accounts beyond doubt', () => {
    expect(propose(scores([29, 9], [500, 7]))).toEqual([]);
    const [proposal, ...others] = propose(scores([30, 9], [500, -5]));
    expect(others).toEqual([]);
    expect([...proposal!.members]).toEqual(Array.from({ length: 30 }, (_, a) => a));
    expect(proposal!.strength[0]).toBeCloseTo(9 / Math.LN10, 12);
  });

  it('takes in doubtful accounts only where many are beyond doubt', () => {
    const sizeAmong = (others: number) => propose(scores([40, 9], [20, 4], [others, -5]))[0]!.members.length;
    expect(sizeAmong(200)).toBe(60);
    expect(sizeAmong(4000)).toBe(40);
  });

  it('is divided where its accounts plainly draw from different mixtures', () => {
    const proposals = propose(scores([80, 9], [100, -5]), (a) => a % 2);
    const parts = proposals.map(({ members }) => new Set(members.map((a) => a % 2)));
    expect(parts.map((part) => part.size)).toEqual([1, 1]);
    expect(proposals.map(({ members }) => members.length)).toEqual([40, 40]);
  });
});
