import { refuse } from '../coalition-error.js';
import { addScalars, invertScalar, multiplyScalars, ONE, scalarOf, subtractScalars } from './ristretto.js';

/**
 * Value at `x` of the polynomial with these coefficients, lowest degree first, over the scalar field (Horner).
 *
 * @param x 1 to 2^32 - 1
 */
export function evaluatePolynomial(coefficients: readonly Uint8Array[], x: number): Uint8Array {
  const at = scalarOf(x);
  return coefficients.reduceRight((sum, coefficient) => addScalars(multiplyScalars(sum, at), coefficient));
}

/**
 * Weights w_i such that the value at 0 of any polynomial of degree below `xs.length` is the sum of w_i times its value at x_i (Lagrange).
 *
 * @param xs distinct, 1 to 2^32 - 1
 * @throws PhalanxError `COALITION_MATCHING` when two are equal
 */
export function lagrangeAtZero(xs: readonly number[]): Uint8Array[] {
  if (new Set(xs).size !== xs.length || xs.some((x) => !Number.isInteger(x) || x < 1 || x > 0xffffffff))
    refuse('COALITION_MATCHING', 'shares at places that are not distinct', 'Take one share of each holder.');
  const scalars = xs.map(scalarOf);
  return scalars.map((own, i) => {
    let above = ONE;
    let below = ONE;
    for (const [j, other] of scalars.entries()) {
      if (i === j) continue;
      above = multiplyScalars(above, other);
      below = multiplyScalars(below, subtractScalars(other, own));
    }
    return multiplyScalars(above, invertScalar(below));
  });
}

/** The value at 0 from values at `xs`, with the weights that `lagrangeAtZero` gave for them. */
export function interpolateAtZero(weights: readonly Uint8Array[], values: readonly Uint8Array[]): Uint8Array {
  return weights.map((weight, i) => multiplyScalars(weight, values[i]!)).reduce(addScalars);
}
