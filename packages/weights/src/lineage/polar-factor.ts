import { refuse } from '../weights-error.js';

const STEPS = 60;
const LARGEST = 2_048;

/**
 * The orthogonal matrix nearest to a square one: U V' of its singular value decomposition U S V', which solves min |E Q - F| over
 * orthogonal Q for E'F (orthogonal Procrustes, Schoenemann 1966). Newton's iteration X <- (gX + (X')^-1 / g) / 2, with the scaling g
 * of Higham (1986) by norms. Row-major. Takes about ten inversions of `size` cubed.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a singular matrix, `WEIGHTS_LIMIT` above 2,048 rows
 */
export function findPolarFactor(matrix: Float64Array, size: number): Float64Array {
  if (size > LARGEST) return refuse('WEIGHTS_LIMIT', `a basis of ${size} dimensions; at most ${LARGEST}`);
  let x = matrix;
  for (let step = 0; step < STEPS; step++) {
    const inverse = invert(x, size);
    const scale = (norm(inverse) / norm(x)) ** 0.5;
    const next = new Float64Array(x.length);
    let change = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const value = (scale * x[i * size + j]! + inverse[j * size + i]! / scale) / 2;
        change += (value - x[i * size + j]!) ** 2;
        next[i * size + j] = value;
      }
    x = next;
    if (change < 1e-22 * size) break;
  }
  return x;
}

function norm(x: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += value * value;
  return Math.sqrt(sum);
}

/** Gauss and Jordan with the largest pivot of each column. */
function invert(matrix: Float64Array, size: number): Float64Array {
  const a = Float64Array.from(matrix);
  const b = new Float64Array(size * size);
  for (let i = 0; i < size; i++) b[i * size + i] = 1;
  const least = norm(a) * 1e-14;
  for (let i = 0; i < size; i++) {
    let pivot = i;
    for (let k = i + 1; k < size; k++)
      if (Math.abs(a[k * size + i]!) > Math.abs(a[pivot * size + i]!)) pivot = k;
    if (!(Math.abs(a[pivot * size + i]!) > least))
      return refuse('WEIGHTS_ARGUMENT', 'a singular matrix has no nearest rotation');
    for (const rows of [a, b]) {
      const line = rows.slice(i * size, (i + 1) * size);
      rows.copyWithin(i * size, pivot * size, (pivot + 1) * size);
      rows.set(line, pivot * size);
    }
    const factor = 1 / a[i * size + i]!;
    for (let j = 0; j < size; j++) {
      a[i * size + j]! *= factor;
      b[i * size + j]! *= factor;
    }
    for (let k = 0; k < size; k++) {
      const share = a[k * size + i]!;
      if (k === i || share === 0) continue;
      for (let j = 0; j < size; j++) {
        a[k * size + j]! -= share * a[i * size + j]!;
        b[k * size + j]! -= share * b[i * size + j]!;
      }
    }
  }
  return b;
}
