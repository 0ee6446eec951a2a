import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addCounts, columnTotals, fromTriplets, rowTotals, type SparseCounts } from './sparse-counts.js';

const ROWS = 5;
const COLUMNS = 7;
const triplets = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: ROWS - 1 }),
    fc.integer({ min: 0, max: COLUMNS - 1 }),
    fc.integer({ min: 1, max: 9 }),
  ),
  { maxLength: 60 },
);

function build(cells: readonly (readonly [number, number, number])[]): SparseCounts {
  return fromTriplets(
    ROWS,
    COLUMNS,
    cells.map((c) => c[0]),
    cells.map((c) => c[1]),
    cells.map((c) => c[2]),
  );
}

function dense(counts: SparseCounts): number[][] {
  const out = Array.from({ length: ROWS }, () => new Array<number>(COLUMNS).fill(0));
  for (let r = 0; r < ROWS; r++)
    for (let i = counts.start[r]!; i < counts.start[r + 1]!; i++)
      out[r]![counts.column[i]!]! += counts.count[i]!;
  return out;
}

function naive(cells: readonly (readonly [number, number, number])[]): number[][] {
  const out = Array.from({ length: ROWS }, () => new Array<number>(COLUMNS).fill(0));
  for (const [r, c, n] of cells) out[r]![c]! += n;
  return out;
}

it('sums triplets, adds matrices and totals like dense arithmetic', () => {
  fc.assert(
    fc.property(triplets, triplets, (left, right) => {
      const a = build(left);
      const b = build(right);
      expect(dense(a)).toEqual(naive(left));
      const sum = addCounts(a, b);
      expect(dense(sum)).toEqual(naive([...left, ...right]));
      for (let r = 0; r < ROWS; r++)
        for (let i = sum.start[r]! + 1; i < sum.start[r + 1]!; i++)
          expect(sum.column[i]!).toBeGreaterThan(sum.column[i - 1]!);
      expect([...rowTotals(sum)]).toEqual(
        naive([...left, ...right]).map((row) => row.reduce((x, y) => x + y, 0)),
      );
      expect([...columnTotals(a, [1, 3], [2, 1])]).toEqual(
        naive(left)[1]!.map((value, c) => 2 * value + naive(left)[3]![c]!),
      );
    }),
  );
});
