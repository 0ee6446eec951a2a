import { openWasm, type WasmConstant } from '@phalanx/core';
import { KERNEL_BASE64 } from './product.wasm.js';

/** 2.4 MB: two tiles of 256 rows of 1,024 numbers, and their products. */
const PAGES = 37;
const BLOCK = 32;

interface ProductExports {
  readonly ROWS: WasmConstant;
  readonly WIDTH: WasmConstant;
  readonly LEFT: WasmConstant;
  readonly RIGHT: WasmConstant;
  readonly PRODUCTS: WasmConstant;
  readonly BEST: WasmConstant;
  readonly PARTNER: WasmConstant;
  readonly END: WasmConstant;
  multiply(left: number, right: number, width: number, add: boolean): void;
  scan(left: number, right: number, first: number, absolute: boolean): void;
}

interface Kernel {
  readonly exports: ProductExports;
  readonly rows: number;
  readonly width: number;
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly products: Float32Array;
  readonly best: Float32Array;
  readonly partner: Int32Array;
}

/** Rows of equal length, one after another. */
export interface RowMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

let opened: Kernel | undefined;

/**
 * For each row of `left` the row of `right` with the largest inner product, or the largest magnitude of it; -1 where there is none
 * that is a number, -2 where several share it. A rule among equals would prefer a place, and a test that counts places could not
 * stand on it.
 *
 * @param left `columns` as many as in `right`
 */
export function findPartners(left: RowMatrix, right: RowMatrix, { absolute = false } = {}): Int32Array {
  const kernel = openKernel();
  const partners = new Int32Array(left.rows);
  for (let i = 0; i < left.rows; i += kernel.rows) {
    const taken = Math.min(kernel.rows, left.rows - i);
    kernel.best.fill(Number.NEGATIVE_INFINITY);
    kernel.partner.fill(-1);
    for (let j = 0; j < right.rows; j += kernel.rows) {
      const others = Math.min(kernel.rows, right.rows - j);
      multiplyTile(kernel, left, i, taken, right, j, others);
      kernel.exports.scan(taken, others, j, absolute);
    }
    partners.set(kernel.partner.subarray(0, taken), i);
  }
  return partners;
}

/** Inner products of all rows of `left` with all of `right`: `left` times the transpose of `right`. Sums of 32-bit floats. */
export function multiplyRows(left: RowMatrix, right: RowMatrix): RowMatrix {
  const kernel = openKernel();
  const values = new Float32Array(left.rows * right.rows);
  for (let i = 0; i < left.rows; i += kernel.rows) {
    const taken = Math.min(kernel.rows, left.rows - i);
    for (let j = 0; j < right.rows; j += kernel.rows) {
      const others = Math.min(kernel.rows, right.rows - j);
      multiplyTile(kernel, left, i, taken, right, j, others);
      for (let row = 0; row < taken; row++)
        values.set(
          kernel.products.subarray(row * kernel.rows, row * kernel.rows + others),
          (i + row) * right.rows + j,
        );
    }
  }
  return { rows: left.rows, columns: right.rows, values };
}

/** Inner products of all rows with one another. Half the work of `multiplyRows`, and symmetric to the last bit. */
export function multiplyByItself(matrix: RowMatrix): RowMatrix {
  const kernel = openKernel();
  const { rows } = matrix;
  const values = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i += kernel.rows) {
    const taken = Math.min(kernel.rows, rows - i);
    for (let j = i; j < rows; j += kernel.rows) {
      const others = Math.min(kernel.rows, rows - j);
      multiplyTile(kernel, matrix, i, taken, matrix, j, others);
      for (let row = 0; row < taken; row++) {
        const products = kernel.products.subarray(row * kernel.rows, row * kernel.rows + others);
        values.set(products, (i + row) * rows + j);
        for (let other = 0; other < others; other++) values[(j + other) * rows + i + row] = products[other]!;
      }
    }
  }
  return { rows, columns: rows, values };
}

/** Rows as columns, in blocks that stay in the cache. */
export function transpose({ rows, columns, values }: RowMatrix): RowMatrix {
  const out = new Float32Array(values.length);
  for (let top = 0; top < rows; top += BLOCK)
    for (let from = 0; from < columns; from += BLOCK) {
      const bottom = Math.min(rows, top + BLOCK);
      const until = Math.min(columns, from + BLOCK);
      for (let j = from; j < until; j++)
        for (let i = top; i < bottom; i++) out[j * rows + i] = values[i * columns + j]!;
    }
  return { rows: columns, columns: rows, values: out };
}

function multiplyTile(
  kernel: Kernel,
  left: RowMatrix,
  i: number,
  taken: number,
  right: RowMatrix,
  j: number,
  others: number,
): void {
  for (let at = 0; at < left.columns; at += kernel.width) {
    const columns = Math.min(kernel.width, left.columns - at);
    const width = roundUp(columns);
    loadTile(kernel.left, left, i, taken, at, columns);
    loadTile(kernel.right, right, j, others, at, columns);
    kernel.exports.multiply(roundUp(taken), roundUp(others), width, at > 0);
  }
}

/** Copies rows beside one another, and zeros to whole fours of rows and columns. */
function loadTile(
  tile: Float32Array,
  matrix: RowMatrix,
  first: number,
  count: number,
  column: number,
  columns: number,
): void {
  const width = roundUp(columns);
  tile.fill(0, 0, roundUp(count) * width);
  for (let row = 0; row < count; row++) {
    const from = (first + row) * matrix.columns + column;
    tile.set(matrix.values.subarray(from, from + columns), row * width);
  }
}

function roundUp(count: number): number {
  return (count + 3) & ~3;
}

function openKernel(): Kernel {
  if (opened !== undefined) return opened;
  const { exports, buffer } = openWasm<ProductExports>(KERNEL_BASE64, PAGES);
  const [rows, width] = [exports.ROWS.value, exports.WIDTH.value];
  opened = {
    exports,
    rows,
    width,
    left: new Float32Array(buffer, exports.LEFT.value, rows * width),
    right: new Float32Array(buffer, exports.RIGHT.value, rows * width),
    products: new Float32Array(buffer, exports.PRODUCTS.value, rows * rows),
    best: new Float32Array(buffer, exports.BEST.value, rows),
    partner: new Int32Array(buffer, exports.PARTNER.value, rows),
  };
  return opened;
}
