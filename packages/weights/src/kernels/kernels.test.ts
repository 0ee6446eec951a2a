import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { findPartners, multiplyByItself, multiplyRows, type RowMatrix, transpose } from './inner-products.js';
import { KERNEL_BASE64 } from './product.wasm.js';

function draw(random: Random, rows: number, columns: number): RowMatrix {
  return { rows, columns, values: Float32Array.from({ length: rows * columns }, () => random.normal()) };
}

function product(left: RowMatrix, right: RowMatrix, i: number, j: number): number {
  let sum = 0;
  for (let k = 0; k < left.columns; k++)
    sum += left.values[i * left.columns + k]! * right.values[j * left.columns + k]!;
  return sum;
}

describe('the kernel of inner products', () => {
  it('is what its source compiles to', async () => {
    const script: string = '../../../../scripts/compile-kernel.mjs';
    const { compileKernel } = (await import(script)) as {
      compileKernel(source: string): Promise<Uint8Array>;
    };
    const built = await compileKernel('packages/weights/src/kernels/product.as.ts');
    expect(Buffer.from(built).toString('base64')).toBe(KERNEL_BASE64);
  });

  // Sizes around fours, tiles of 256 rows and calls of 1,024 numbers.
  for (const [rows, others, columns] of [
    [1, 1, 1],
    [5, 3, 7],
    [257, 258, 5],
    [3, 300, 1_030],
  ] as const)
    it(`multiplies ${rows} by ${others} rows of ${columns}, and finds partners`, () => {
      const random = new Random(rows);
      const [left, right] = [draw(random, rows, columns), draw(random, others, columns)];
      const { values } = multiplyRows(left, right);
      const partners = findPartners(left, right);
      const strongest = findPartners(left, right, { absolute: true });
      for (let i = 0; i < rows; i++) {
        const all = Array.from({ length: others }, (_, j) => product(left, right, i, j));
        for (const [j, value] of all.entries())
          expect(Math.abs(values[i * others + j]! - value)).toBeLessThan(1e-4 * Math.sqrt(columns));
        expect(partners[i]).toBe(all.indexOf(Math.max(...all)));
        expect(strongest[i]).toBe(all.findIndex((x) => Math.abs(x) === Math.max(...all.map(Math.abs))));
      }
    });

  it('multiplies rows by themselves in half the work, and turns matrices', () => {
    const matrix = draw(new Random(2), 300, 70);
    const whole = multiplyRows(matrix, matrix).values;
    expect([...multiplyByItself(matrix).values]).toEqual([...whole]);
    const { rows, columns, values } = transpose(matrix);
    expect([rows, columns]).toEqual([70, 300]);
    expect(values.every((value, at) => value === matrix.values[(at % 300) * 70 + Math.floor(at / 300)])).toBe(
      true,
    );
  });

  it('takes nobody where several are equal, or nothing is a number', () => {
    const left = { rows: 3, columns: 2, values: Float32Array.of(1, 0, 0, 0, Number.NaN, 1) };
    const right = { rows: 300, columns: 2, values: new Float32Array(600) };
    right.values[2 * 2] = 1;
    right.values[299 * 2] = 1;
    expect([...findPartners(left, right)]).toEqual([-2, -2, -1]);
    right.values[299 * 2] = 0.5;
    expect([...findPartners(left, right)]).toEqual([2, -2, -1]);
  });
});
