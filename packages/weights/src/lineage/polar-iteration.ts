import { multiplyByItself, multiplyRows, type RowMatrix, transpose } from '../kernels/inner-products.js';
import { refuse } from '../weights-error.js';

/** Least ratio of singular values that the first steps are made for; smaller ones take some steps more. */
const LEAST_RATIO = 1e-4;
/** What does not come near 1 in so many is the rounding of the products. */
const STEPS = 16;
/** Root mean square of the entries of X X' - I, times the square root of the size: what is left to 32-bit sums. */
const CLOSE = 2e-5;
const POWER_STEPS = 30;

/**
 * The polar factor U V' of a square matrix U S V' in 32-bit floats, by products alone: X <- aX + (bA + cA A)X with A = X X', where a, b
 * and c bring the interval of singular values nearest to 1 at each step (Amsel et al. 2025, "The Polar Express", by Remez' exchange). A
 * step is two half products and a whole one of `size` cubed. Row-major. Beside the argument, memory of five matrices.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` where it does not converge: a singular matrix, or numbers that are not finite
 */
export function iteratePolarFactor(matrix: Float32Array, size: number): Float32Array {
  const square = (values: Float32Array): RowMatrix => ({ rows: size, columns: size, values });
  const scale = 1 / (1.05 * estimateNorm(matrix, size));
  let x: Float32Array = matrix.map((value) => value * scale);
  let ratio = LEAST_RATIO;
  for (let step = 0; step < STEPS; step++) {
    const gram = multiplyByItself(square(x)).values;
    let off = 0;
    for (let i = 0; i < gram.length; i++) off += (gram[i]! - (i % (size + 1) === 0 ? 1 : 0)) ** 2;
    if (!Number.isFinite(off)) break;
    if (Math.sqrt(off / size) < CLOSE) return x;
    const { a, b, c, next } = chooseStep(ratio);
    ratio = next;
    const mixed = multiplyByItself(square(gram)).values;
    for (let i = 0; i < mixed.length; i++) mixed[i] = c * mixed[i]! + b * gram[i]!;
    const moved = multiplyRows(square(mixed), transpose(square(x))).values;
    for (let i = 0; i < moved.length; i++) moved[i]! += a * x[i]!;
    x = moved;
  }
  return refuse('WEIGHTS_ARGUMENT', 'a singular matrix has no nearest rotation');
}

interface Step {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Smallest singular value after it where it was `low` before, over the largest. */
  readonly next: number;
}

/**
 * The odd polynomial ax + bx^3 + cx^5 nearest to 1 over [low, 1] in the largest error, divided by 1 + that error, so that the image ends
 * at 1. Its error alternates at low, at the two places where its slope is 0, and at 1.
 */
export function chooseStep(low: number): Step {
  // Near 1 the exchange has no digits left, and the limit is known: the series of 1/sqrt to second order.
  if (low > 0.98) return { a: 15 / 8, b: -10 / 8, c: 3 / 8, next: 1 };
  let [q, r] = [low + (1 - low) / 4, low + (3 * (1 - low)) / 4];
  let [a, b, c, error] = [0, 0, 0, 0];
  for (let i = 0; i < 100; i++) {
    const rows = [low, q, r, 1].map((x, k) => [x, x ** 3, x ** 5, k % 2 === 0 ? 1 : -1, 1]);
    [a, b, c, error] = solve(rows) as [number, number, number, number];
    const root = Math.sqrt(Math.max(0, 9 * b * b - 20 * a * c));
    const [p, s] = [Math.sqrt((-3 * b - root) / (10 * c)), Math.sqrt((-3 * b + root) / (10 * c))];
    const moved = Math.abs(p - q) + Math.abs(s - r);
    [q, r] = [p, s];
    if (moved < 1e-12) break;
  }
  const most = 1 + Math.abs(error);
  return { a: a / most, b: b / most, c: c / most, next: (1 - Math.abs(error)) / most };
}

/** Gauss with pivots; each row ends with the right side. */
function solve(rows: number[][]): number[] {
  const size = rows.length;
  for (let i = 0; i < size; i++) {
    let pivot = i;
    for (let k = i + 1; k < size; k++) if (Math.abs(rows[k]![i]!) > Math.abs(rows[pivot]![i]!)) pivot = k;
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    for (let k = 0; k < size; k++) {
      if (k === i) continue;
      const share = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j <= size; j++) rows[k]![j]! -= share * rows[i]![j]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

/** The largest singular value, a little less at most, by powers of X' X from a vector of no pattern. */
function estimateNorm(matrix: Float32Array, size: number): number {
  let v = Float64Array.from({ length: size }, (_, i) => Math.sin(1 + i * i));
  let length = 0;
  for (let step = 0; step < POWER_STEPS; step++) {
    const next = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      let sum = 0;
      const at = i * size;
      for (let j = 0; j < size; j++) sum += matrix[at + j]! * v[j]!;
      for (let j = 0; j < size; j++) next[j]! += sum * matrix[at + j]!;
    }
    length = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0));
    v = next.map((value) => value / length);
  }
  return Math.sqrt(length);
}
