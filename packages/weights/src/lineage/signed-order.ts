import { findPartners, type RowMatrix } from '../kernels/inner-products.js';
import { standardiseRows } from './unit-sample.js';

/** Dimensions in another order and under another sign: dimension i here is `signs[i]` times dimension `places[i]` there. */
export interface SignedOrder {
  readonly places: Int32Array;
  readonly signs: Int8Array;
}

/** Share of dimensions that may be without a partner of their own, as those that are zero everywhere. */
const UNCLEAR = 0.02;

/**
 * Pairs each row of `left` with the row of `right` whose correlation is largest in magnitude. Null unless nearly all partners differ: after a
 * dense turn they would be drawn as from an urn. Rows that are left over are paired in order.
 */
export function findSignedOrder(left: RowMatrix, right: RowMatrix): SignedOrder | null {
  if (left.rows !== right.rows) return null;
  standardiseRows(left);
  standardiseRows(right);
  const places = findPartners(left, right, { absolute: true });
  const owner = new Int32Array(left.rows).fill(-1);
  const unclear: number[] = [];
  for (const [i, place] of places.entries())
    if (place >= 0 && owner[place]! < 0) owner[place] = i;
    else unclear.push(i);
  if (unclear.length > UNCLEAR * left.rows) return null;
  const rest = [...owner.keys()].filter((place) => owner[place]! < 0);
  for (const [k, i] of unclear.entries()) places[i] = rest[k]!;
  const signs = Int8Array.from(places, (place, i) => (multiply(left, i, right, place) < 0 ? -1 : 1));
  return { places, signs };
}

/** Numbers of each row at their places. */
export function reorderRows({ rows, columns, values }: RowMatrix, { places, signs }: SignedOrder): RowMatrix {
  const out = new Float32Array(values.length);
  for (let row = 0, at = 0; row < rows; row++, at += columns)
    for (let i = 0; i < columns; i++) out[at + i] = signs[i]! * values[at + places[i]!]!;
  return { rows, columns, values: out };
}

function multiply(left: RowMatrix, i: number, right: RowMatrix, j: number): number {
  let sum = 0;
  for (let k = 0; k < left.columns; k++)
    sum += left.values[i * left.columns + k]! * right.values[j * right.columns + k]!;
  return sum;
}
