import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { fromTriplets, type SparseCounts } from '../population/sparse-counts.js';
import { proposeEvenMixtures } from './even-mixture.js';

const CELLS = 120;
const OPTIONS = { minAccounts: 20, minExchanges: 10, maxGroups: 8 };

interface Group {
  readonly accounts: number;
  readonly exchanges: number;
  /** The cells over which all of the group draw alike; absent: each account asks from two cells of its own. */
  readonly cells?: readonly [from: number, to: number];
}

/** Accounts in the order of the groups. */
function history(groups: readonly Group[]): SparseCounts {
  const random = new Random(1);
  const row: number[] = [];
  const column: number[] = [];
  let account = 0;
  for (const { accounts, exchanges, cells } of groups)
    for (let k = 0; k < accounts; k++, account++) {
      const own = [random.integer(CELLS), random.integer(CELLS)];
      for (let i = 0; i < exchanges; i++) {
        row.push(account);
        column.push(cells ? cells[0] + random.integer(cells[1] - cells[0]) : own[random.integer(2)]!);
      }
    }
  return fromTriplets(account, CELLS, row, column, new Uint8Array(row.length).fill(1));
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('groups that draw from one mixture', () => {
  const strangers = { accounts: 200, exchanges: 30 };

  it('become one proposal for each mixture, without strangers, with what each member adds', () => {
    const pools = [
      { accounts: 40, exchanges: 120, cells: [0, 60] },
      { accounts: 30, exchanges: 120, cells: [60, 120] },
    ] as const;
    const proposals = proposeEvenMixtures(history([strangers, ...pools]), OPTIONS);
    const found = proposals.map(({ members }) => [...members]).sort((a, b) => a[0]! - b[0]!);
    expect(found).toEqual([range(200, 240), range(240, 270)]);
    for (const { members, strength, by } of proposals) {
      expect(strength).toHaveLength(members.length);
      expect(Math.min(...strength)).toBeGreaterThan(2);
      expect(by).toBe('even mixture of content');
    }
  });

  it('are proposed up to the number asked for', () => {
    const pools = [0, 60].map((from) => ({
      accounts: 40,
      exchanges: 120,
      cells: [from, from + 60] as const,
    }));
    const counts = history([strangers, ...pools]);
    for (const maxGroups of [1, 2, 8])
      expect(proposeEvenMixtures(counts, { ...OPTIONS, maxGroups })).toHaveLength(Math.min(2, maxGroups));
  });

  it('are found whole when they are so large that they make up the mix they are held against', () => {
    const pool = { accounts: 300, exchanges: 60, cells: [0, 60] } as const;
    const [proposal] = proposeEvenMixtures(history([strangers, pool]), OPTIONS);
    const members = [...proposal!.members];
    expect(members.filter((a) => a >= 200).length).toBeGreaterThan(290);
    expect(members.filter((a) => a < 200)).toEqual([]);
  });

  it('are left alone below the least number of accounts', () => {
    const pool = { accounts: 19, exchanges: 120, cells: [0, CELLS] } as const;
    expect(proposeEvenMixtures(history([strangers, pool]), OPTIONS)).toEqual([]);
    expect(proposeEvenMixtures(history([strangers, { ...pool, accounts: 22 }]), OPTIONS)).toHaveLength(1);
  });

  it('do not take in accounts with too few exchanges to tell', () => {
    const pool = { accounts: 40, exchanges: 120, cells: [0, CELLS] } as const;
    const counts = history([strangers, pool, { ...pool, exchanges: 110 }]);
    const [proposal, ...others] = proposeEvenMixtures(counts, { ...OPTIONS, minExchanges: 120 });
    const members = [...proposal!.members];
    expect(members.length).toBeGreaterThan(30);
    expect(members.every((a) => a >= 200 && a < 240)).toBe(true);
    expect(others).toEqual([]);
  });
});

it('proposes nobody where there is nobody', () => {
  expect(proposeEvenMixtures(history([]), OPTIONS)).toEqual([]);
});
