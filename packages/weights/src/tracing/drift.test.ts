import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { removeDrift } from './drift.js';

const [rows, columns] = [160, 96];
const random = new Random(5);
const draw = (count: number, size = 1) => Float32Array.from({ length: count }, () => size * random.normal());
const base = draw(rows * columns);
const marks = base.map(
  (value) => (random.uniform() < 0.5 ? -1 : 1) * 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7),
);
const least = 2 ** -8;

function addLowRank(to: Float32Array, rank: number, size: number): Float32Array {
  const [left, right] = [draw(rows * rank), draw(rank * columns, size)];
  return to.map((value, at) => {
    const [i, k] = [Math.floor(at / columns), at % columns];
    let sum = value;
    for (let r = 0; r < rank; r++) sum += left[i * rank + r]! * right[r * columns + k]!;
    return sum;
  });
}

function correlate(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe('drift', () => {
  it('of low rank is taken out, a hundred times as large as marks, which stay', () => {
    for (const rank of [1, 4, 12]) {
      const values = addLowRank(marks, rank, 0.3);
      expect(correlate(values, marks)).toBeLessThan(0.1);
      const count = removeDrift({ rows, columns, values }, base, least);
      expect(count).toBeGreaterThanOrEqual(rank);
      expect(count).toBeLessThanOrEqual(rank + 3);
      expect(correlate(values, marks)).toBeGreaterThan(0.85);
    }
  });

  it('is not seen in marks alone, dense or sparse, nor in nothing, nor in a matrix that is too narrow', () => {
    for (const share of [1, 0.1, 0.02]) {
      const values = marks.map((mark) => (random.uniform() < share ? mark : 0));
      const before = values.slice();
      expect(removeDrift({ rows, columns, values }, base, least * Math.sqrt(share))).toBe(0);
      expect(correlate(values, before)).toBeCloseTo(1, 6);
    }
    expect(removeDrift({ rows, columns, values: new Float32Array(rows * columns) }, base, least)).toBe(0);
    expect(removeDrift({ rows, columns: 7, values: draw(rows * 7) }, draw(rows * 7), least)).toBe(0);
  });

  it('that hardly trained rows share is found beside rows that were trained much', () => {
    const shared = draw(columns, 0.02);
    const values = marks.map((mark, at) => {
      const row = Math.floor(at / columns);
      return mark + shared[at % columns]! + (row % 2 === 0 ? 0.5 * random.normal() : 0);
    });
    const quiet = (all: Float32Array) => all.filter((_, at) => Math.floor(at / columns) % 2 === 1);
    removeDrift({ rows, columns, values }, base, least);
    expect(correlate(quiet(values), quiet(marks))).toBeGreaterThan(0.85);
  });
});
