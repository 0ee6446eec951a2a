import type { WeightFile } from '../formats/weight-file.js';
import type { RowMatrix } from '../kernels/inner-products.js';
import type { PlacedTensor } from './architecture.js';

/** A matrix seen as units: each some rows, or some columns, that belong together. */
export interface UnitView {
  readonly place: Pick<PlacedTensor, 'tensor' | 'rows' | 'skip'>;
  /** Numbers from one row of the tensor to the next. */
  readonly columns: number;
  readonly axis: 'row' | 'column';
  readonly units: number;
  /** Rows or columns of one unit. */
  readonly width: number;
}

/** Which units and which of their numbers are read: the same of both models. */
export interface SampleWindow {
  readonly firstUnit: number;
  readonly units: number;
  /** Of the rows or columns of a unit, the first so many. */
  readonly width: number;
  readonly firstFeature: number;
  readonly features: number;
  /** Rows in rising order that are the features of units that are columns, in place of `features` from `firstFeature`. */
  readonly lines?: readonly number[];
}

/** One more read costs as much as so many bytes that are read and not used. */
const READ_COST = 16 * 1024;
const AT_ONCE = 8;

/** A window in the middle of a view: the size alone places it, so that nobody picks it by what it shows. */
export function placeWindow(view: UnitView, units: number, features: number): SampleWindow {
  const width = Math.min(view.width, 4);
  const across = view.axis === 'row' ? view.columns : view.place.rows[1];
  const [firstUnit, taken] = takeMiddle(view.units, units, 32);
  const [firstFeature, wide] = takeMiddle(across, Math.max(8, Math.ceil(features / width)), 256);
  return { firstUnit, units: taken, width, firstFeature, features: wide };
}

/** `wanted` of `size` from the middle, beginning at a multiple of `step` where blocks of numbers do. */
function takeMiddle(size: number, wanted: number, step: number): [from: number, count: number] {
  const count = Math.min(size, wanted);
  return [Math.floor((size - count) / 2 / step) * step, count];
}

/** Units as rows of a matrix, `width` times `features` numbers each; reads little more of the tensor than that. */
export async function readUnits(file: WeightFile, view: UnitView, window: SampleWindow): Promise<RowMatrix> {
  const columns = window.width * window.features;
  const values = new Float32Array(window.units * columns);
  if (view.axis === 'row') {
    const lines = Array.from(
      { length: window.units * window.width },
      (_, i) => (window.firstUnit + Math.floor(i / window.width)) * view.width + (i % window.width),
    );
    await readLines(file, view, lines, [window.firstFeature, window.features], (line, numbers) => {
      values.set(numbers, line * window.features);
    });
  } else {
    const lines = window.lines ?? Array.from({ length: window.features }, (_, i) => window.firstFeature + i);
    const range = [window.firstUnit * view.width, window.units * view.width] as const;
    await readLines(file, view, lines, range, (line, numbers) => {
      for (let unit = 0; unit < window.units; unit++)
        for (let i = 0; i < window.width; i++)
          values[unit * columns + line * window.width + i] = numbers[unit * view.width + i]!;
    });
  }
  return { rows: window.units, columns, values };
}

/** A range of columns of some rows in rising order; rows that lie close together in one read. */
async function readLines(
  file: WeightFile,
  view: UnitView,
  lines: readonly number[],
  [column, count]: readonly [number, number],
  take: (line: number, numbers: Float32Array) => void,
): Promise<void> {
  const { tensor, rows, skip } = view.place;
  const start = (line: number) => skip + (rows[0] + line) * view.columns + column;
  const numbers = tensor.shape.reduce((product, size) => product * size, 1);
  const gap = (READ_COST * numbers) / Math.max(1, tensor.sizeBytes);
  const most = 16 * 1024 * 1024;
  const reads: { first: number; last: number }[] = [];
  for (let i = 0; i < lines.length; i++) {
    const open = reads.at(-1);
    const isNear =
      open !== undefined &&
      start(lines[i]!) - start(lines[open.last]!) - count <= gap &&
      start(lines[i]!) + count - start(lines[open.first]!) <= most;
    if (isNear) open.last = i;
    else reads.push({ first: i, last: i });
  }
  for (let at = 0; at < reads.length; at += AT_ONCE)
    await Promise.all(
      reads.slice(at, at + AT_ONCE).map(async ({ first, last }) => {
        const from = start(lines[first]!);
        const all = await file.readNumbers(tensor, from, start(lines[last]!) + count - from);
        for (let i = first; i <= last; i++) {
          const offset = start(lines[i]!) - from;
          take(i, all.subarray(offset, offset + count));
        }
      }),
    );
}

/**
 * Rows less their mean and at length one, in place, so that inner products are correlations; a constant row, or one with what is no
 * number, becomes zeros and matches nothing. Without the mean, tokens that training never saw and that share one embedding would
 * make all columns of an embedding alike.
 */
export function standardiseRows({ rows, columns, values }: RowMatrix): void {
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * columns, (row + 1) * columns);
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += line[i]!;
    const mean = sum / columns;
    let squares = 0;
    for (let i = 0; i < columns; i++) squares += (line[i]! - mean) ** 2;
    const scale = 1 / Math.sqrt(squares);
    for (let i = 0; i < columns; i++) line[i] = Number.isFinite(scale) ? (line[i]! - mean) * scale : 0;
  }
}

/** Mean correlation of units of the same place from which two networks of one model are copies. Those that were drawn apart have 0. */
const COPIED = 0.3;

/** Whether two standardised samples of one model are copies, so that their units stand in one order, whatever model it is. */
export function isCopyOf(left: RowMatrix, right: RowMatrix): boolean {
  if (left.rows !== right.rows || left.columns !== right.columns) return false;
  let sum = 0;
  for (let i = 0; i < left.values.length; i++) sum += left.values[i]! * right.values[i]!;
  return sum >= COPIED * left.rows;
}
