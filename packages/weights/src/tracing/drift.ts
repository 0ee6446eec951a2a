import { Random } from '@phalanx/stats';
import { multiplyRows, type RowMatrix, transpose } from '../kernels/inner-products.js';

const FIRST_RANK = 16;
const MAX_RANK = 128;
/** How far above the largest singular value of noise a component must stand. */
const EDGE = 2;
const ROUNDS = 3;
/** A component on fewer rows is one row that is louder than others, and no drift. */
const LEAST_ROWS = 6;
/** Differences with less energy than so many times that of marks have no drift that is worth the search. */
const QUIET = 8;

/**
 * Takes out of a matrix of differences, in place, what training adds and marks do not: its components of low rank. Low-rank adapters are exactly
 * such, whole fine-tuning largely. A component goes when its singular value exceeds twice (sqrt(rows) + sqrt(columns)) times the deviation of
 * what is left: the edge of the spectrum of noise (Marchenko and Pastur 1967). Marks have keyed signs and lie below it; taking out r
 * components costs r (1/rows + 1/columns) of them. Before that rows are brought to one size by what is left of them, so that one that was trained
 * much, or has many marks, is no component, and columns by the owner's numbers, with which marks grow; that leaves ranks as they are. Randomised
 * subspace iteration (Halko, Martinsson and Tropp 2011), twice refined.
 *
 * @param base the owner's numbers, of the same shape
 * @param least size of marks over that of the numbers: a row with few marks is not enlarged beyond that
 * @returns how many components were taken out
 */
export function removeDrift(differences: RowMatrix, base: Float32Array, least: number): number {
  const most = Math.min(MAX_RANK, Math.floor(Math.min(differences.rows, differences.columns) / 8));
  if (most < 1) return 0;
  if (sumSquares(differences.values) < QUIET * least * least * sumSquares(base)) return 0;
  const own = measureSizes(base, differences);
  const { columnSizes } = own;
  let total = 0;
  for (let round = 0; round < ROUNDS; round++) {
    // Later, what is left of each row says how much it was trained; drift that hardly trained rows share shows among them alone.
    const { rowSizes } = measureSizes(differences.values, differences);
    for (let i = 0; i < rowSizes.length; i++) rowSizes[i] = Math.max(rowSizes[i]!, least * own.rowSizes[i]!);
    const [rowFactors, columnFactors] = [rowSizes, columnSizes].map((sizes) => sizes.map((size) => 1 / size));
    scale(differences, rowFactors!, columnFactors!);
    const count = removeComponents(differences, most - total);
    scale(differences, rowSizes, columnSizes);
    total += count;
    if (count === 0 || total === most) break;
  }
  return total;
}

/** Root mean squares of rows, and of columns over rows of size one; 1 for what is zero. */
function measureSizes(base: Float32Array, { rows, columns }: RowMatrix) {
  const rowSizes = new Float64Array(rows);
  const columnSizes = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    const from = i * columns;
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += base[from + k]! * base[from + k]!;
    rowSizes[i] = Math.sqrt(sum / columns) || 1;
    const factor = columns / sum;
    if (factor < Number.POSITIVE_INFINITY)
      for (let k = 0; k < columns; k++) columnSizes[k]! += base[from + k]! * base[from + k]! * factor;
  }
  for (let k = 0; k < columns; k++) columnSizes[k] = Math.sqrt(columnSizes[k]! / rows) || 1;
  return { rowSizes, columnSizes };
}

function sumSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

function scale({ rows, columns, values }: RowMatrix, byRow: Float64Array, byColumn: Float64Array): void {
  for (let i = 0; i < rows; i++) {
    const factor = byRow[i]!;
    const from = i * columns;
    for (let k = 0; k < columns; k++) values[from + k]! *= factor * byColumn[k]!;
  }
}

function removeComponents(differences: RowMatrix, most: number): number {
  const turned = transpose(differences);
  for (let rank = Math.min(FIRST_RANK, most); ; rank = Math.min(4 * rank, most)) {
    const found = findComponents(differences, turned, rank);
    const count = countAboveNoise(found, differences);
    if (count === rank && rank < most) continue;
    if (count > 0) subtract(differences, found, count);
    return count;
  }
}

interface Components {
  /** Squares of singular values, falling. */
  readonly squares: Float64Array;
  /** Orthonormal columns of the matrix, a row each. */
  readonly left: RowMatrix;
  /** Singular value times right vector, a row each. */
  readonly right: RowMatrix;
}

function findComponents(matrix: RowMatrix, turned: RowMatrix, rank: number): Components {
  const random = new Random(1);
  let right: RowMatrix = {
    rows: rank,
    columns: matrix.columns,
    values: Float32Array.from({ length: rank * matrix.columns }, () => random.normal()),
  };
  let left = right;
  for (let pass = 0; pass < 3; pass++) {
    left = transpose(multiplyRows(matrix, right));
    orthonormalise(left);
    right = transpose(multiplyRows(turned, left));
    if (pass < 2) orthonormalise(right);
  }
  // `right` is left times the matrix; its own singular vectors order the components.
  const { squares, vectors } = findEigenvectors(multiplyRows(right, right).values, rank);
  const turn = { rows: rank, columns: rank, values: Float32Array.from(vectors) };
  return {
    squares,
    left: multiplyRows(turn, transpose(left)),
    right: multiplyRows(turn, transpose(right)),
  };
}

function countAboveNoise({ squares, left }: Components, { rows, columns, values }: RowMatrix): number {
  let energy = sumSquares(values);
  const edge = EDGE * EDGE * (Math.sqrt(rows) + Math.sqrt(columns)) ** 2;
  let count = 0;
  for (const square of squares) {
    energy -= square;
    const freedom = rows * columns - (count + 1) * (rows + columns);
    if (freedom <= 0 || !(square > (edge * Math.max(0, energy)) / freedom) || !(square > 0)) break;
    if (countRows(left, count) < LEAST_ROWS) break;
    count++;
  }
  return count;
}

/** Rows that a component lies on, by the participation ratio. */
function countRows({ columns, values }: RowMatrix, component: number): number {
  let sum = 0;
  for (let i = 0; i < columns; i++) sum += values[component * columns + i]! ** 4;
  return 1 / sum;
}

function subtract({ values }: RowMatrix, { left, right }: Components, count: number): void {
  const take = ({ columns, values: all }: RowMatrix) =>
    transpose({ rows: count, columns, values: all.subarray(0, count * columns) });
  const drift = multiplyRows(take(left), take(right)).values;
  for (let i = 0; i < values.length; i++) values[i]! -= drift[i]!;
}

/** Rows made orthonormal in place (Gram and Schmidt, each twice); what depends on others becomes zeros. */
function orthonormalise({ rows, columns, values }: RowMatrix): void {
  const row = (i: number) => values.subarray(i * columns, (i + 1) * columns);
  for (let i = 0; i < rows; i++) {
    const own = row(i);
    const before = Math.sqrt(dot(own, own));
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < i; j++) {
        const other = row(j);
        const share = dot(own, other);
        for (let k = 0; k < columns; k++) own[k]! -= share * other[k]!;
      }
    const length = Math.sqrt(dot(own, own));
    const factor = length > 1e-6 * before ? 1 / length : 0;
    for (let k = 0; k < columns; k++) own[k]! *= factor;
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** Eigenvalues, falling, and eigenvectors, a row each, of a symmetric matrix, by Jacobi's rotations. */
function findEigenvectors(
  symmetric: Float32Array,
  size: number,
): { squares: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(symmetric);
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  for (let sweep = 0; sweep < 12; sweep++) {
    let off = 0;
    let all = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        all += a[i * size + j]! ** 2;
        if (i !== j) off += a[i * size + j]! ** 2;
      }
    if (!(off > 1e-16 * all)) break;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, v, size, p, q);
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => a[j * size + j]! - a[i * size + i]!);
  const vectors = new Float64Array(size * size);
  for (const [to, from] of order.entries())
    vectors.set(v.subarray(from * size, (from + 1) * size), to * size);
  return { squares: Float64Array.from(order, (i) => a[i * size + i]!), vectors };
}

function rotate(a: Float64Array, v: Float64Array, size: number, p: number, q: number): void {
  const apq = a[p * size + q]!;
  if (apq === 0) return;
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < size; k++) {
    const [x, y] = [a[k * size + p]!, a[k * size + q]!];
    a[k * size + p] = c * x - s * y;
    a[k * size + q] = s * x + c * y;
  }
  for (let k = 0; k < size; k++) {
    const [x, y] = [a[p * size + k]!, a[q * size + k]!];
    a[p * size + k] = c * x - s * y;
    a[q * size + k] = s * x + c * y;
    const [u, w] = [v[p * size + k]!, v[q * size + k]!];
    v[p * size + k] = c * u - s * w;
    v[q * size + k] = s * u + c * w;
  }
}
