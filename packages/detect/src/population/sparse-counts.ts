/**
 * Counts of exchanges by account (row) and category (column), compressed by rows.
 *
 * Columns are dense indices into some vocabulary. Within a row, columns ascend.
 */
export interface SparseCounts {
  readonly rows: number;
  readonly columns: number;
  /** Length rows + 1. */
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly count: Float64Array;
}

export function emptyCounts(rows: number, columns: number): SparseCounts {
  return {
    rows,
    columns,
    start: new Int32Array(rows + 1),
    column: new Int32Array(0),
    count: new Float64Array(0),
  };
}

/** Builds from triplets in any order; equal (row, column) pairs are summed. */
export function fromTriplets(
  rows: number,
  columns: number,
  row: ArrayLike<number>,
  column: ArrayLike<number>,
  count: ArrayLike<number>,
): SparseCounts {
  const order = new Float64Array(row.length);
  for (let i = 0; i < order.length; i++) order[i] = row[i]! * columns + column[i]!;
  const sorted = sortedIndices(order);
  const start = new Int32Array(rows + 1);
  const outColumn = new Int32Array(row.length);
  const outCount = new Float64Array(row.length);
  let at = -1;
  let last = -1;
  for (const i of sorted) {
    if (order[i] !== last) {
      at++;
      last = order[i]!;
      outColumn[at] = column[i]!;
      start[row[i]! + 1]!++;
    }
    outCount[at]! += count[i]!;
  }
  for (let r = 0; r < rows; r++) start[r + 1]! += start[r]!;
  return { rows, columns, start, column: outColumn.slice(0, at + 1), count: outCount.slice(0, at + 1) };
}

function sortedIndices(keys: Float64Array): Uint32Array {
  // Sorting (key, index) packed in one float is exact while rows * columns * length stays below 2^53; beyond, compare.
  const n = keys.length;
  let max = 0;
  for (let i = 0; i < n; i++) if (keys[i]! > max) max = keys[i]!;
  const out = new Uint32Array(n);
  if ((max + 1) * n < 2 ** 53) {
    const packed = new Float64Array(n);
    for (let i = 0; i < n; i++) packed[i] = keys[i]! * n + i;
    packed.sort();
    for (let i = 0; i < n; i++) out[i] = packed[i]! % n;
    return out;
  }
  for (let i = 0; i < n; i++) out[i] = i;
  return out.sort((a, b) => keys[a]! - keys[b]! || a - b);
}

/** Entry-wise sum. Both must have the same number of rows; columns may have grown in `b`. */
export function addCounts(a: SparseCounts, b: SparseCounts): SparseCounts {
  const columns = Math.max(a.columns, b.columns);
  const start = new Int32Array(a.rows + 1);
  const column = new Int32Array(a.column.length + b.column.length);
  const count = new Float64Array(column.length);
  let at = 0;
  for (let r = 0; r < a.rows; r++) {
    let i = a.start[r]!;
    let j = b.start[r]!;
    const iEnd = a.start[r + 1]!;
    const jEnd = b.start[r + 1]!;
    while (i < iEnd || j < jEnd) {
      const ca = i < iEnd ? a.column[i]! : Number.POSITIVE_INFINITY;
      const cb = j < jEnd ? b.column[j]! : Number.POSITIVE_INFINITY;
      column[at] = Math.min(ca, cb);
      count[at] = (ca <= cb ? a.count[i]! : 0) + (cb <= ca ? b.count[j]! : 0);
      if (ca <= cb) i++;
      if (cb <= ca) j++;
      at++;
    }
    start[r + 1] = at;
  }
  return { rows: a.rows, columns, start, column: column.slice(0, at), count: count.slice(0, at) };
}

export function rowTotals(counts: SparseCounts): Float64Array {
  const totals = new Float64Array(counts.rows);
  for (let r = 0; r < counts.rows; r++)
    for (let i = counts.start[r]!; i < counts.start[r + 1]!; i++) totals[r]! += counts.count[i]!;
  return totals;
}

/** Column sums over the given rows, each weighted; all rows with weight 1 when `rows` is absent. */
export function columnTotals(
  counts: SparseCounts,
  rows?: ArrayLike<number>,
  weight?: ArrayLike<number>,
): Float64Array {
  const totals = new Float64Array(counts.columns);
  const n = rows ? rows.length : counts.rows;
  for (let k = 0; k < n; k++) {
    const r = rows ? rows[k]! : k;
    const w = weight ? weight[k]! : 1;
    for (let i = counts.start[r]!; i < counts.start[r + 1]!; i++)
      totals[counts.column[i]!]! += w * counts.count[i]!;
  }
  return totals;
}
